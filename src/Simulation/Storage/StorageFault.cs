namespace Simulation.Storage;

/// <summary>What happens to a request instead of its being served as usual.</summary>
internal sealed record StorageFault
{
    /// <summary>It is served as usual.</summary>
    public static readonly StorageFault None = new();

    /// <summary>It is applied, and then the connection breaks: the client cannot know whether it was.</summary>
    public static readonly StorageFault LoseAnswer = new() { LosesAnswer = true };

    /// <summary>The process dies before the request is sent.</summary>
    public static readonly StorageFault CrashBefore = new() { CrashesBefore = true };

    /// <summary>The request is applied, and the process dies before it has the answer.</summary>
    public static readonly StorageFault CrashAfter = new() { CrashesAfter = true };

    private StorageFault() { }

    /// <summary>Status to answer with instead of serving; 0 to serve.</summary>
    public int Status { get; private init; }

    /// <summary>Error code to answer with.</summary>
    public string? Code { get; private init; }

    /// <summary>What others do just before it is served.</summary>
    public Action? Race { get; private init; }

    /// <inheritdoc cref="LoseAnswer"/>
    public bool LosesAnswer { get; private init; }

    /// <inheritdoc cref="CrashBefore"/>
    public bool CrashesBefore { get; private init; }

    /// <inheritdoc cref="CrashAfter"/>
    public bool CrashesAfter { get; private init; }

    /// <summary>
    /// It is not applied; the service answers with an error. The defaults are what a busy service answers, which clients retry.
    /// </summary>
    public static StorageFault FailBefore(int status = 503, string code = "ServerBusy") => new() { Status = status, Code = code };

    /// <summary>
    /// Something else happens first, as when another writer gets in between a read and a write. It may make requests of its own.
    /// </summary>
    public static StorageFault RaceBefore(Action race) => new() { Race = race };
}

/// <summary>
/// The process died at this instant. Not a failure that a client retries; whatever the process still tries at its storage throws this as
/// well.
/// </summary>
internal sealed class SimulatedCrashException(string process, string? at = null)
    : Exception(at is null ? $"process {process} is dead" : $"process {process} died at {at}")
{
    /// <summary>Whether an exception is a crash, or wraps one: a client that had tried before wraps all its failures into one.</summary>
    public static bool IsIn(Exception? exception) =>
        exception switch
        {
            null => false,
            SimulatedCrashException => true,
            AggregateException many => many.InnerExceptions.Any(IsIn),
            _ => IsIn(exception.InnerException),
        };
}
