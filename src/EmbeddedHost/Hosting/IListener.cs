namespace EmbeddedHost.Hosting;

/// <summary>Fetches a function's work: a timer or a queue poller.</summary>
internal interface IListener : IDisposable
{
    /// <summary>Begins in the background. Storage that is down is tried again until it answers.</summary>
    void Start();

    /// <summary>Takes no new work from now on; runs already begun go on.</summary>
    void BeginStop();

    /// <summary>Ends when all begun work has been put away.</summary>
    Task Stopped { get; }
}
