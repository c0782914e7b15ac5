using System.Diagnostics.Metrics;
using LambdaCore.Diagnostics;
using NUnit.Framework;
using NUnit.Framework.Interfaces;

[assembly: LambdaCore.Tests.NoDrift]

namespace LambdaCore.Tests;

/// <summary>
/// Fails each test in which the two layers of any store, of this process, disagreed about any key. Views into which a test plants errors
/// have names that begin with <see cref="Planted"/>.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class NoDriftAttribute : Attribute, ITestAction, IDisposable
{
    /// <summary>How the names of views begin whose layers do disagree.</summary>
    public const string Planted = "planted_";

    private readonly MeterListener _listener = new();
    private readonly List<string> _drifted = [];
    private static long _keys;

    public NoDriftAttribute()
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Metrics.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            if (instrument == Metrics.DriftKeys)
            {
                Interlocked.Add(ref _keys, value);
            }
            else if (instrument == Metrics.DriftMismatches && tags[0].Value is string view && !view.StartsWith(Planted, StringComparison.Ordinal))
            {
                lock (_drifted)
                {
                    _drifted.Add($"{value} keys of {view}");
                }
            }
        });
        _listener.Start();
    }

    /// <summary>How many keys were compared in this process.</summary>
    public static long Keys => Interlocked.Read(ref _keys);

    public ActionTargets Targets => ActionTargets.Test;

    public void BeforeTest(ITest test)
    {
        lock (_drifted)
        {
            _drifted.Clear();
        }
    }

    public void AfterTest(ITest test)
    {
        lock (_drifted)
        {
            Assert.That(_drifted, Is.Empty, "The layers disagreed; store.Drift tells about what.");
        }
    }

    public void Dispose() => _listener.Dispose();
}
