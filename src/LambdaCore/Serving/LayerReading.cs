namespace LambdaCore.Serving;

/// <summary>What one reading of a view's layers saw: the raw material of a receipt.</summary>
internal struct LayerReading
{
    /// <summary>The immutable layers, held.</summary>
    public ServingSnapshot Snapshot;

    /// <summary>The revision of the log's content that all layers are the fold of.</summary>
    public long Revision;

    /// <summary>Where the speed layer's part begins; what lies between it and the end of the immutable layers is in the log only.</summary>
    public LogPosition SpeedStart;

    /// <summary>The end of what the speed layer had applied.</summary>
    public LogPosition Position;

    /// <summary>The progress at that moment.</summary>
    public MomentOfProgress Progress;

    /// <summary>Which layers held anything that was asked for.</summary>
    public AnswerSource Contributed;

    /// <summary>The events that neither the immutable layers nor the speed layer hold.</summary>
    public readonly LogRange InLog => new(Snapshot.End, SpeedStart);
}
