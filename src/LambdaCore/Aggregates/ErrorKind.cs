namespace LambdaCore;

/// <summary>What kind of bound is stated for the error of an estimate.</summary>
public enum ErrorKind
{
    /// <summary>One standard deviation of the relative error: about two in three answers are within it, 95 % within two of it.</summary>
    RelativeStandardError,

    /// <summary>A share of the exact value by which the estimate is never off.</summary>
    RelativeError,

    /// <summary>A share of the group's events by which a count is too high at most, with a probability above 99.3 %. It is never too low.</summary>
    ShareOfEvents,
}
