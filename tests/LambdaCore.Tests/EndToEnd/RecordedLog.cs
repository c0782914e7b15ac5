using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace LambdaCore.Tests.EndToEnd;

/// <summary>What a store has logged; and a place to stand at while it does, since messages come from the thread that does the work.</summary>
internal sealed class RecordedLog : ILoggerFactory, ILogger
{
    /// <summary>The numbers of the messages so far.</summary>
    public ConcurrentQueue<int> Ids { get; } = [];

    /// <summary>Called with the number of each message.</summary>
    public Action<int>? OnMessage { get; set; }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Ids.Enqueue(eventId.Id);
        OnMessage?.Invoke(eventId.Id);
    }

    public void Dispose()
    {
    }
}
