using System.Diagnostics;
using System.Reflection;
using EmbeddedHost.Configuration;
using EmbeddedHost.Hosting;
using EmbeddedHost.Queues;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Invocation;

/// <summary>Runs a function once: its own services, trace, log scope and time-out around the middleware, the function and its output.</summary>
internal sealed class FunctionInvoker(
    IServiceScopeFactory scopes,
    TimeProvider time,
    HostJson rules,
    Middleware middleware,
    QueueOutputs outputs,
    RunningInvocations running,
    Workload workload,
    ILogger<FunctionInvoker> logger)
{
    public const string ActivitySourceName = "EmbeddedHost";

    private static readonly ActivitySource Source = new(ActivitySourceName);

    private readonly FunctionPipeline _pipeline = new(middleware.Pieces, CallAsync);

    /// <summary>Never throws: how the run ended is in what it returns, and a failure has been logged.</summary>
    public async Task<Outcome> InvokeAsync(Function function, TriggerEvent trigger, CancellationToken hungUp)
    {
        // Version 7 carries the app's time, so that ids sort by it.
        var id = Guid.CreateVersion7(time.GetUtcNow()).ToString();
        workload.Enter();
        running.Begin();
        try
        {
            using var activity = Source.StartActivity("Invoke") ?? new Activity("Invoke").Start();
            activity.SetTag("faas.name", function.Name).SetTag("faas.invocation_id", id).SetTag("faas.trigger", function.Trigger.Type);
            using var scope = logger.BeginScope(new Dictionary<string, object> { ["FunctionName"] = function.Name, ["InvocationId"] = id });
            logger.Executing(function.Name, id);
            var started = time.GetTimestamp();
            var error = await RunAsync(id, function, trigger, activity, hungUp);
            if (error is null)
            {
                logger.Executed(function.Name, id, time.GetElapsedTime(started).TotalMilliseconds);
                return new Outcome(id, null);
            }

            activity.SetStatus(ActivityStatusCode.Error, error.GetType().FullName);
            logger.Failed(error, function.Name, id);
            return new Outcome(id, error);
        }
        finally
        {
            running.End();
            workload.Exit();
        }
    }

    /// <summary>Runs the function while the caller goes on; a stop waits for it from now on.</summary>
    public void InvokeInBackground(Function function, TriggerEvent trigger)
    {
        workload.Enter();
        running.Begin();
        _ = Task.Run(async () =>
        {
            try
            {
                await InvokeAsync(function, trigger, CancellationToken.None);
            }
            finally
            {
                running.End();
                workload.Exit();
            }
        });
    }

    /// <summary>
    /// Runs an orchestrator once over its history: the whole pipeline, as on the real host, on the caller's thread. It may return before the
    /// function is done, which then never goes on.
    /// </summary>
    public async Task<object?> ReplayAsync(Function function, TriggerEvent trigger, IServiceProvider services)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow()).ToString();
        using var activity = Source.StartActivity("Invoke") ?? new Activity("Invoke").Start();
        activity.SetTag("faas.name", function.Name).SetTag("faas.invocation_id", id).SetTag("faas.trigger", function.Trigger.Type);
        using var scope = logger.BeginScope(new Dictionary<string, object> { ["FunctionName"] = function.Name, ["InvocationId"] = id });
        var invocation = new Invocation(id, function, trigger, services, activity, running.Aborted);
        await _pipeline.RunAsync(invocation);
        return invocation.Result;
    }

    private async Task<Exception?> RunAsync(string id, Function function, TriggerEvent trigger, Activity activity, CancellationToken hungUp)
    {
        using var timeout = new CancellationTokenSource(rules.FunctionTimeout ?? Timeout.InfiniteTimeSpan, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, running.Aborted, hungUp);
        try
        {
            await using var services = scopes.CreateAsyncScope();
            var invocation = new Invocation(id, function, trigger, services.ServiceProvider, activity, stop.Token);
            if (trigger.Http is { } http)
            {
                invocation.Items[FunctionContextExtensions.HttpContextKey] = http;
                http.RequestServices = services.ServiceProvider;
            }

            // The run is awaited to its end even after its time is over: a function that does not heed its token must not overlap its next run.
            await _pipeline.RunAsync(invocation);
            ThrowIfTimedOut(timeout, function, null);
            if (function.Output is not null)
                await outputs.WriteAsync(function.Output, invocation.Result, stop.Token);
            if (trigger.Complete is not null)
                await trigger.Complete(invocation.Result);
            return null;
        }
        catch (Exception e)
        {
            try
            {
                ThrowIfTimedOut(timeout, function, e);
                return e;
            }
            catch (TimeoutException late)
            {
                return late;
            }
        }
    }

    private void ThrowIfTimedOut(CancellationTokenSource timeout, Function function, Exception? inner)
    {
        if (timeout.IsCancellationRequested)
            throw new TimeoutException($"{function.Name} took longer than host.json's functionTimeout of {rules.FunctionTimeout:c}", inner);
    }

    private static async Task CallAsync(FunctionContext context)
    {
        var invocation = (Invocation)context;
        var function = (Function)context.FunctionDefinition;
        var arguments = function.ParameterBinders.Select(bind => bind(context, invocation.Trigger)).ToArray();
        var instance = function.Method.Method.IsStatic ? null : ActivatorUtilities.CreateInstance(context.InstanceServices, function.Method.Class);
        try
        {
            var returned = function.Method.Method.Invoke(instance, BindingFlags.DoNotWrapExceptions, null, arguments, null);
            invocation.Result = await ReturnShape.UnwrapAsync(returned, function.Method.Result);
        }
        finally
        {
            if (instance is IAsyncDisposable late)
                await late.DisposeAsync();
            else
                (instance as IDisposable)?.Dispose();
        }
    }
}
