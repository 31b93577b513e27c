using LocalHost.Worker;
using Microsoft.AspNetCore.Http;

namespace LocalHost.Hosting;

/// <summary>A part of the host that starts functions of some trigger types. One is made for a run of the host.</summary>
internal interface IFunctionStarter : IAsyncDisposable
{
    /// <summary>Whether it starts functions with this trigger, such as <c>queueTrigger</c>.</summary>
    bool Starts(FunctionBinding trigger);

    /// <summary>Never ends; fails with the reason when this part cannot go on, and so the host cannot.</summary>
    Task Failure { get; }

    /// <summary>Does what needs no knowledge of the functions; runs while the worker starts.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Makes what functions need while they run, such as a client of orchestrations. HTTP is let through after this.</summary>
    Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Begins to start functions.</summary>
    /// <param name="functions">The functions whose trigger it starts, without those that are disabled.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    /// <exception cref="StartupException">A function cannot be started as it is declared; the message names all such.</exception>
    Task StartAsync(IReadOnlyList<WorkerFunction> functions, CancellationToken cancellationToken);

    /// <summary>
    /// Starts nothing more, and returns when what it has started has ended. Functions that last too long are cancelled by the host.
    /// </summary>
    Task StopAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Runs a function once by hand, in the way that its trigger does, whether or not it is disabled; returns when it has been started.
    /// </summary>
    /// <param name="function">The function.</param>
    /// <param name="input">What the caller gives it; null for nothing.</param>
    /// <param name="cancellationToken">Ends the wait for the start.</param>
    /// <exception cref="FormatException">The input does not fit the trigger.</exception>
    Task RunByHandAsync(WorkerFunction function, string? input, CancellationToken cancellationToken);
}

/// <summary>A part of the host that answers <c>/runtime/webhooks/NAME/**</c>, which needs the master key.</summary>
internal interface IWebhook
{
    /// <summary>Its name in the path, such as <c>durabletask</c>.</summary>
    string Name { get; }

    /// <summary>Answers a request.</summary>
    Task AnswerAsync(HttpContext context);
}
