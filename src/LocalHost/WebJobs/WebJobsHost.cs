using System.Reflection;
using System.Runtime.ExceptionServices;
using Azure;
using LocalHost.Configuration;
using LocalHost.Hosting;
using LocalHost.Worker;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.WebApiCompatShim;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Config;
using Microsoft.Azure.WebJobs.Host.Executors;
using Microsoft.Azure.WebJobs.Host.Queues;
using Microsoft.Azure.WebJobs.Host.Timers;
using Microsoft.Extensions.Azure;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace LocalHost.WebJobs;

/// <summary>
/// The official durable and queue extensions, in the versions that production loads, in one WebJobs host. They find a method for each
/// function of the worker (<see cref="EmittedFunctions"/>), which passes the call on. An extension that the app does not refer to is left
/// out.
/// </summary>
internal sealed class WebJobsHost : IFunctionStarter, IWebhook
{
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(30);

    private readonly HostContext _app;
    private readonly IWorkerChannel _worker;
    private readonly ILogger _logger;
    private readonly FunctionCalls _calls;
    private readonly Lifetime _lifetime;
    private readonly Webhooks _webhooks;
    private readonly HostSlot? _slot;
    private readonly MessageJournal? _journal;
    private readonly ILoggerFactory _loggers;
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IHost? _host;
    private Task? _ending;
    private bool _started;

    /// <summary>Makes ready; nothing is connected to yet.</summary>
    /// <param name="app">The app and its settings.</param>
    /// <param name="address">Where the host is reached.</param>
    /// <param name="worker">What runs the functions.</param>
    /// <param name="loggers">The log.</param>
    /// <exception cref="StartupException">The storage account is not configured, or the folder of the journal cannot be used.</exception>
    public WebJobsHost(HostContext app, Uri address, IWorkerChannel worker, ILoggerFactory loggers)
    {
        _app = app;
        _worker = worker;
        _loggers = loggers;
        _logger = loggers.CreateLogger("LocalHost.WebJobs");
        _calls = new FunctionCalls(worker, AppExtensions.Read(app.AppFolder), _logger);
        _lifetime = new Lifetime(_calls.Draining);
        _webhooks = new Webhooks(address);
        if (!_calls.HasDurable && !_calls.HasQueues)
            return;
        if (app.Configuration[WebJobsConfiguration.Storage] is not { Length: > 0 })
        {
            throw new StartupException(
                $"setting {WebJobsConfiguration.Storage}: is not set; durable and queue functions need a storage account"
            );
        }

        var folder = WebJobsConfiguration.JournalFolder(app);
        try
        {
            _slot = HostSlot.Take(folder);
            _journal = new MessageJournal(_slot, _logger, _calls.Draining);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"setting LocalHost__Journal: the folder {folder} cannot be used: {FirstLine(e)}", e);
        }
    }

    /// <inheritdoc/>
    public Task Failure => _failure.Task;

    /// <inheritdoc/>
    public string Name => "durabletask";

    /// <inheritdoc/>
    public bool Starts(FunctionBinding trigger) =>
        trigger.IsOfType("queueTrigger") || trigger.IsOfType("orchestrationTrigger") || trigger.IsOfType("activityTrigger");

    /// <inheritdoc/>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (_slot is null)
            return;
        await GuardAsync(() =>
            Task.Run(
                async () =>
                {
                    _host = Build();
                    if (_calls.HasDurable && WebJobsConfiguration.DurableVisibilityTimeout(_app.Configuration) is { } visibility)
                        Shorten(AzureStorage(_host.Services), visibility);
                    // Loads and makes what is needed in any case.
                    _ = _host.Services.GetServices<IExtensionConfigProvider>().ToList();
                    // It would put every request to storage into words, for a log that leaves them out.
                    _host.Services.GetRequiredService<AzureEventSourceLogForwarder>().Dispose();
                    if (_calls.HasDurable)
                        await AzureStorage(_host.Services).GetDurabilityProvider().CreateIfNotExistsAsync();
                },
                cancellationToken
            )
        );
    }

    /// <inheritdoc/>
    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        if (_host is null || !_calls.HasDurable)
            return;
        await GuardAsync(async () =>
        {
            var jobs = _host.Services.GetRequiredService<IJobHost>();
            await jobs.CallAsync(EmittedFunctions.ClientFunction, new Dictionary<string, object>(), cancellationToken);
            _worker.DurableClient = _calls.Client;
        });
    }

    /// <inheritdoc/>
    public async Task StartAsync(IReadOnlyList<WorkerFunction> functions, CancellationToken cancellationToken)
    {
        if (_host is null)
            return;
        await GuardAsync(async () =>
        {
            await _host.StartAsync(cancellationToken);
            _started = true;
            await _journal!.ReleaseLeftAsync();
        });
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _calls.BeginDrain();
        _ending ??= EndAsync();
        // Where the time is over, the worker is ended next, and with it what is waited for here; the rest is done when this part is
        // disposed of.
        await _ending.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public Task RunByHandAsync(WorkerFunction function, string? input, CancellationToken cancellationToken)
    {
        if (!function.Trigger.IsOfType("queueTrigger"))
            throw new FormatException($"{function.Name}: an orchestration is started through its client, an activity by its orchestration");
        // The caller has its answer once the function has been started; how it ends is in the log.
        _ = CallAsync(function.Name, input ?? "");
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task AnswerAsync(HttpContext context)
    {
        if (_webhooks.Durable is not { } durable)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        using var request = new HttpRequestMessageFeature(context).HttpRequestMessage;
        using var response = await durable.ConvertAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.NonValidated)
            context.Response.Headers[name] = values.ToArray();
        if (response.Content is not { } content)
            return;
        foreach (var (name, values) in content.Headers.NonValidated)
            context.Response.Headers[name] = values.ToArray();
        await content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(StopTime);
        await StopAsync(limit.Token);
        _host?.Dispose();
        _calls.Dispose();
        _lifetime.Dispose();
        _slot?.Dispose();
    }

    private IHost Build() =>
        new HostBuilder()
            // As the Core Tools do.
            .UseEnvironment(Environments.Development)
            .ConfigureLogging(l => WebJobsLogging.Configure(l, _loggers))
            .ConfigureServices(services =>
            {
                services.AddSingleton<ITypeLocator>(new EmittedFunctions(_worker, _calls));
                services.AddSingleton<IHostIdProvider>(new HostId(_app.Settings.HostId));
                services.AddSingleton<IHostLifetime, OwnedLifetime>();
                services.AddSingleton<IWebJobsExceptionHandlerFactory>(new ExceptionHandler(Fail));
                services.AddSingleton<IApplicationLifetimeWrapper>(_lifetime);
                services.AddSingleton<IQueueProcessorFactory>(_journal!);
#pragma warning disable CS0618 // Obsolete for all but hosts.
                services.AddSingleton<IWebHookProvider>(_webhooks);
#pragma warning restore CS0618
                services.Configure<HostOptions>(o => o.ShutdownTimeout = StopTime);
            })
            .ConfigureWebJobs(builder =>
            {
                if (_calls.HasDurable)
                    builder.AddDurableTask();
                if (_calls.HasQueues)
                    builder.AddAzureStorageQueues();
            })
            // Last, and alone: WebJobs adds the process' environment, over which these settings must win.
            .ConfigureAppConfiguration(configuration =>
            {
                configuration.Sources.Clear();
                configuration.AddConfiguration(WebJobsConfiguration.Create(_app.Configuration, _slot!.Number));
            })
            .Build();

    // Running functions first, and their results stored; then the rest.
    private async Task EndAsync()
    {
        if (_host is null || !_started)
            return;
        await _calls.WhenNoneRunsAsync();
        _calls.TurnAway();
        await _host.Services.GetRequiredService<IDrainModeManager>().EnableDrainModeAsync(CancellationToken.None);
        await _host.StopAsync(CancellationToken.None);
        await _journal!.ReleaseInWorkAsync();
        _lifetime.End();
    }

    private async Task CallAsync(string function, string message)
    {
        try
        {
            var arguments = new Dictionary<string, object> { [EmittedFunctions.MessageParameter] = message };
            await _host!.Services.GetRequiredService<IJobHost>().CallAsync(function, arguments, CancellationToken.None);
        }
        catch (Exception e)
        {
            _logger.ByHandFailed(function, FirstLine(Innermost(e)));
        }
    }

    private void Fail(Exception exception)
    {
        _logger.Failed(FirstLine(exception));
        var reason = $"the host cannot go on with its queues and orchestrations: {FirstLine(exception)}";
        _failure.TrySetException(new StartupException(reason, exception));
    }

    // What the extensions throw at the start is about settings or about storage: the reason is enough, a stack trace is no help.
    private static async Task GuardAsync(Func<Task> start)
    {
        try
        {
            await start();
        }
        catch (Exception e) when (e is not OperationCanceledException and not StartupException)
        {
            var reason = Innermost(e);
            throw new StartupException(
                reason is RequestFailedException or HttpRequestException or System.Net.Sockets.SocketException
                    ? $"the storage account (setting {WebJobsConfiguration.Storage}) does not answer: {FirstLine(reason)}"
                    : $"the durable and queue functions cannot start: {FirstLine(reason)}",
                e
            );
        }
    }

    private static Exception Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
            exception = inner;
        return exception;
    }

    private static string FirstLine(Exception exception) => exception.Message.Split('\n', 2)[0].TrimEnd();

    private static IDurabilityProviderFactory AzureStorage(IServiceProvider services) =>
        services.GetServices<IDurabilityProviderFactory>().Single(f => f.Name == "AzureStorage");

    // The extension checks its options when this provider is made, and reads them later; there is no other way below its minute.
    private static void Shorten(IDurabilityProviderFactory store, TimeSpan visibility)
    {
        var field = store.GetType().GetField("azureStorageOptions", BindingFlags.Instance | BindingFlags.NonPublic);
        if (field?.GetValue(store) is not AzureStorageOptions options)
        {
            throw new StartupException(
                "setting LocalHost__Durable__VisibilityTimeout: does not work with this version of the durable extension"
            );
        }

        options.ControlQueueVisibilityTimeout = visibility;
        options.WorkItemQueueVisibilityTimeout = visibility;
    }

    /// <summary>
    /// What the durable extension learns of the host's end: with the start of the drain it begins nothing more, and its client stays
    /// reachable to the end.
    /// </summary>
    private sealed class Lifetime(CancellationToken draining) : IApplicationLifetimeWrapper, IDisposable
    {
        private readonly CancellationTokenSource _stopped = new();

        public CancellationToken OnStarted => CancellationToken.None;

        public CancellationToken OnStopping => draining;

        public CancellationToken OnStopped => _stopped.Token;

        public void End() => _stopped.Cancel();

        public void Dispose() => _stopped.Dispose();
    }

    private sealed class HostId(string id) : IHostIdProvider
    {
        public Task<string> GetHostIdAsync(CancellationToken cancellationToken) => Task.FromResult(id);
    }

    /// <summary>As in the Functions host, what a listener cannot deal with, such as storage that is gone for long, ends the host.</summary>
    private sealed class ExceptionHandler(Action<Exception> fail) : IWebJobsExceptionHandlerFactory, IWebJobsExceptionHandler
    {
        public IWebJobsExceptionHandler Create(IHost jobHost) => this;

        public Task OnTimeoutExceptionAsync(ExceptionDispatchInfo exceptionInfo, TimeSpan timeoutGracePeriod) =>
            OnUnhandledExceptionAsync(exceptionInfo);

        public Task OnUnhandledExceptionAsync(ExceptionDispatchInfo exceptionInfo)
        {
            fail(Innermost(exceptionInfo.SourceException));
            return Task.CompletedTask;
        }
    }

#pragma warning disable CS0618 // Obsolete for all but hosts.
    /// <summary>Where extensions are reached; there is no key in it, since it is passed on to the worker.</summary>
    private sealed class Webhooks(Uri address) : IWebHookProvider
    {
        public IAsyncConverter<HttpRequestMessage, HttpResponseMessage>? Durable { get; private set; }

        public Uri GetUrl(IExtensionConfigProvider extension)
        {
            if (extension is not DurableTaskExtension durable)
                throw new NotSupportedException($"{extension.GetType().Name} has no webhook here");
            Durable = durable;
            return new Uri(address, "/runtime/webhooks/durabletask");
        }
    }
#pragma warning restore CS0618
}
