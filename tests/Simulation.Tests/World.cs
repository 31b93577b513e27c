using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;

namespace Simulation.Tests;

/// <summary>A small app for tests of the simulation: what its activities did is kept outside, and outlives a crash.</summary>
internal sealed class World : IAsyncDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

    private readonly Dictionary<string, ServiceProvider> _services = [];

    private World(DurableSimulation simulation) => Simulation = simulation;

    public DurableSimulation Simulation { get; }

    /// <summary>What the activities did, with the virtual time.</summary>
    public List<(DateTimeOffset Time, string Done)> Done { get; } = [];

    public SemaphoreSlim OneAtATime { get; } = new(1);

    /// <summary>How often the services were made.</summary>
    public int Starts { get; private set; }

    public IReadOnlyList<string> Names => [.. Done.Select(d => d.Done)];

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static async Task<World> StartAsync(
        ulong seed = 1,
        FaultPlan? faults = null,
        bool replays = true,
        bool keeps = true,
        int hosts = 1,
        bool records = false,
        TimeSpan? stuckAfter = null
    )
    {
        var world = new World(
            new DurableSimulation(
                new SimulationOptions
                {
                    Seed = seed,
                    Start = Start,
                    Hosts =
                    [
                        .. Enumerable
                            .Range(1, hosts)
                            .Select(n => new HostOptions { Name = $"host{n}", Functions = [typeof(Orchestrators), typeof(Activities)] }),
                    ],
                    Faults = faults ?? new FaultPlan(),
                    ReplaysEveryEpisode = replays,
                    KeepsOrchestrators = keeps,
                    RecordsHistories = records,
                    StuckAfter = stuckAfter ?? TimeSpan.FromSeconds(20),
                }
            )
        );
        await world.Simulation.StartAsync(world.MakeServicesAsync);
        return world;
    }

    public async Task<string> ScheduleAsync(string name, object? input = null, string? id = null) =>
        await Simulation.Client.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(id), Stop);

    public Task RunAsync(TimeSpan time) => Simulation.RunForAsync(time, Stop);

    public async Task<string?> OutputAsync(string id)
    {
        var instance = await Simulation.Client.GetInstanceAsync(id, getInputsAndOutputs: true, Stop);
        return instance?.FailureDetails?.ErrorMessage ?? instance?.SerializedOutput;
    }

    public void Add(string done) => Done.Add((Simulation.Clock.GetUtcNow(), done));

    public async ValueTask DisposeAsync()
    {
        await Simulation.DisposeAsync();
        OneAtATime.Dispose();
        foreach (var services in _services.Values)
            await services.DisposeAsync();
    }

    private async Task<IServiceProvider> MakeServicesAsync(string host)
    {
        Starts++;
        if (_services.TryGetValue(host, out var former))
            await former.DisposeAsync();
        return _services[host] = new ServiceCollection()
            .AddSingleton(this)
            .AddSingleton<TimeProvider>(Simulation.Clock)
            .BuildServiceProvider();
    }

    internal sealed class Activities(World world, TimeProvider time)
    {
        [Function(nameof(Do))]
        public string Do([ActivityTrigger] string what)
        {
            world.Add(what);
            return what;
        }

        [Function(nameof(Wait))]
        public async Task<string> Wait([ActivityTrigger] string what)
        {
            await Task.Delay(TimeSpan.FromHours(1), time);
            world.Add(what);
            return what;
        }

        [Function(nameof(WaitWithLimit))]
        public async Task<string> WaitWithLimit([ActivityTrigger] string what)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(30), time);
            try
            {
                await Task.Delay(TimeSpan.FromHours(1), time, limit.Token);
            }
            catch (OperationCanceledException)
            {
                world.Add("out of time");
            }
            return what;
        }

        [Function(nameof(DoWithLimit))]
        public async Task<string> DoWithLimit([ActivityTrigger] string what)
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(30), time);
            await Task.Run(() => world.Add(what), limit.Token);
            return what;
        }

        [Function(nameof(SeveralAtOnce))]
        public async Task<string> SeveralAtOnce([ActivityTrigger] string what)
        {
            using var places = new SemaphoreSlim(2);
            await Task.WhenAll(Enumerable.Range(1, 5).Select(OneAsync));
            return what;

            async Task OneAsync(int number)
            {
                // Whoever waits here goes on asynchronously, while another one waits for the clock.
                await places.WaitAsync();
                Thread.SpinWait(200_000);
                world.Add($"{number} begins");
                await Task.Delay(TimeSpan.FromMinutes(10 * number), time);
                world.Add($"{number} ends");
                places.Release();
            }
        }

        [Function(nameof(WaitInALock))]
        public async Task<string> WaitInALock([ActivityTrigger] string what)
        {
            await world.OneAtATime.WaitAsync();
            world.Add($"{what} begins");
            await Task.Delay(TimeSpan.FromMinutes(10), time);
            world.Add($"{what} ends");
            world.OneAtATime.Release();
            return what;
        }

        [Function(nameof(AskTheBackground))]
        public async Task<string> AskTheBackground([ActivityTrigger] string what)
        {
            await Task.Run(async () =>
            {
                await world.Simulation.PassAsync("background");
                world.Add($"{what} in the background");
            });
            return what;
        }

        [Function(nameof(Fail))]
        public string Fail([ActivityTrigger] string what)
        {
            world.Add(what);
            throw new InvalidOperationException($"{what} fails");
        }

        [Function(nameof(ReadThenWrite))]
        public async Task<string> ReadThenWrite([ActivityTrigger] string what)
        {
            world.Add($"{what} reads");
            await world.Simulation.PassAsync("between");
            world.Add($"{what} writes");
            return what;
        }
    }

#pragma warning disable DURABLE0001, DURABLE0004, DURABLE0009 // What breaks the rules is tested.
    internal static class Orchestrators
    {
        private static int _runs;

        [Function(nameof(One))]
        public static Task<string> One([OrchestrationTrigger] TaskOrchestrationContext context, string[] call) =>
            context.CallActivityAsync<string>(call[0], call[1]);

        [Function(nameof(Both))]
        public static async Task<string> Both([OrchestrationTrigger] TaskOrchestrationContext context, string activity)
        {
            var both = await Task.WhenAll(
                context.CallActivityAsync<string>(activity, "a"),
                context.CallActivityAsync<string>(activity, "b")
            );
            return string.Join(' ', both);
        }

        [Function(nameof(Months))]
        public static async Task<int> Months([OrchestrationTrigger] TaskOrchestrationContext context, int left)
        {
            for (var day = 0; day < 10; day++)
            {
                await context.CreateTimer(TimeSpan.FromDays(1), CancellationToken.None);
                await context.CallActivityAsync<string>(nameof(Activities.Do), context.InstanceId);
            }
            if (left > 1)
                context.ContinueAsNew(left - 1);
            return left;
        }

        [Function(nameof(Collect))]
        public static async Task<string> Collect([OrchestrationTrigger] TaskOrchestrationContext context, string[] items)
        {
            items = [.. items, await context.WaitForExternalEvent<string>("item")];
            await context.CallActivityAsync<string>(nameof(Activities.Do), items[^1]);
            if (items.Length < 3)
                context.ContinueAsNew(items);
            return string.Join(' ', items);
        }

        [Function(nameof(Retry))]
        public static Task<string> Retry([OrchestrationTrigger] TaskOrchestrationContext context, string what) =>
            context.CallActivityAsync<string>(
                nameof(Activities.Fail),
                what,
                TaskOptions.FromRetryPolicy(new RetryPolicy(3, TimeSpan.FromMinutes(1), 2))
            );

        [Function(nameof(ChangeItsMind))]
        public static async Task<string> ChangeItsMind([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync<string>(nameof(Activities.Do), $"{Interlocked.Increment(ref _runs)}");
            await context.CallActivityAsync<string>(nameof(Activities.Do), $"second {_runs}");
            return "";
        }

        [Function(nameof(Version))]
        public static async Task<string> Version([OrchestrationTrigger] TaskOrchestrationContext context, string? next)
        {
            await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            if (next is not null)
                context.ContinueAsNew(new ContinueAsNewOptions { NewInput = null, NewVersion = next == "same" ? null : next });
            return context.Version;
        }
    }
#pragma warning restore DURABLE0001, DURABLE0004, DURABLE0009
}
