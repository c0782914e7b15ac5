namespace LambdaCore.Log;

/// <summary>By which rules the times of events are judged when they get their positions. All lengths in microseconds, none negative.</summary>
/// <param name="AllowedDisorder">How far the watermark stays behind the event that moves it.</param>
/// <param name="GracePeriod">How far behind the watermark an event is merely late.</param>
/// <param name="LateEvents">What becomes of events that lie further back.</param>
/// <param name="FutureBound">How far ahead of its ingestion an event may lie and still move the watermark.</param>
internal readonly record struct EventTimeRules(long AllowedDisorder, long GracePeriod, LatePolicy LateEvents, long FutureBound);
