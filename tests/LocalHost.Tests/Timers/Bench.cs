using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using LocalHost.Configuration;
using LocalHost.Rpc;
using LocalHost.Timers;
using LocalHost.Worker;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace LocalHost.Tests.Timers;

/// <summary>A clock that a test moves, and on which it can wait until a timer waits.</summary>
internal sealed class Clock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _waits.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Returns when something has begun to wait on this clock; each wait counts once.</summary>
    public Task WaitedOnAsync() => Bench.ReadAsync(_waits.Reader);

    /// <summary>Moves the clock to where something comes due, and returns when all that follows has been done.</summary>
    public Task ReachAsync(TimeSpan time)
    {
        Advance(time);
        return WaitedOnAsync();
    }
}

/// <summary>The timers of a host over storage, with functions that only note their runs.</summary>
internal sealed class Bench : IWorkerChannel, IAsyncDisposable
{
    private readonly TimerStarter _timers;
    private readonly Channel<string> _runs = Channel.CreateUnbounded<string>();

    public Bench(string storage, string hostId, Clock clock, LogBook log, params (string Name, string Schedule, string More)[] functions)
    {
        Clock = clock;
        Log = log;
        var settings = new Dictionary<string, string> { ["AzureWebJobsStorage"] = storage, ["AzureFunctionsWebHost__hostid"] = hostId };
        Functions = functions.ToDictionary(f => f.Name, f => Create(f.Name, f.Schedule, f.More));
        var loggers = LoggerFactory.Create(b => b.AddProvider(log));
        _timers = new TimerStarter(HostContext.Create("/app/App.dll", settings, []), this, loggers, clock);
    }

    public Clock Clock { get; }

    public LogBook Log { get; }

    public IReadOnlyDictionary<string, WorkerFunction> Functions { get; }

    public string? DurableClient { get; set; }

    public List<string> Runs { get; } = [];

    /// <summary>What a run waits for before it ends.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>What a run ends with.</summary>
    public Exception? Failure { get; set; }

    public Task StartAsync() => _timers.StartAsync([.. Functions.Values], TestContext.Current.CancellationToken);

    public Task StopAsync() => _timers.StopAsync(CancellationToken.None);

    public InvocationRequest CreateRequest(WorkerFunction function, TypedData trigger)
    {
        var request = new InvocationRequest { FunctionId = function.Id };
        request.InputData.Add(new ParameterBinding { Name = function.Trigger.Name, Data = trigger });
        return request;
    }

    public async Task<InvocationResponse> InvokeAsync(InvocationRequest request, CancellationToken cancellationToken)
    {
        var timer = JsonElement.Parse(request.InputData[0].Data.Json);
        Note($"{Clock.GetUtcNow().ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} {timer.GetProperty("IsPastDue").GetBoolean()}");
        await Gate;
        return Failure is null ? new InvocationResponse() : throw Failure;
    }

    public Task<string> NextRunAsync() => ReadAsync(_runs.Reader);

    public static Task<T> ReadAsync<T>(ChannelReader<T> reader)
    {
        var token = TestContext.Current.CancellationToken;
        return reader.ReadAsync(token).AsTask().WaitAsync(TimeSpan.FromSeconds(30), token);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _timers.DisposeAsync();
    }

    private static WorkerFunction Create(string name, string schedule, string more)
    {
        var metadata = new FunctionMetadata { Name = name, FunctionId = name };
        metadata.RawBindings.Add($$"""{"name":"timer","type":"timerTrigger","direction":"In","schedule":"{{schedule}}"{{more}}}""");
        return WorkerFunction.From(metadata);
    }

    private void Note(string run)
    {
        lock (Runs)
            Runs.Add(run);
        _runs.Writer.TryWrite(run);
    }
}
