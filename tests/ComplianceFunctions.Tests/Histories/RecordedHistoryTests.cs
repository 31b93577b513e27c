using Local;
using Simulation;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>
/// Histories that instances of earlier versions have in storage: they must replay on the present code. A new version of the orchestrations
/// adds a folder with its own;
/// what lies in a folder is never changed. docs/architecture/versions.md.
/// </summary>
public sealed class RecordedHistoryTests
{
    /// <summary>Set to write the histories of the present version into its folder.</summary>
    private const string RecordVariable = "COMPLIANCE_RECORD_HISTORIES";

    private static string Folder => Path.Combine(RepositoryRoot.Find(), "tests", "ComplianceFunctions.Tests", "Histories", "Recorded");

    public static TheoryData<string> Recorded =>
        [
            .. Directory
                .EnumerateFiles(Folder, "*.json", SearchOption.AllDirectories)
                .Select(f => Path.GetRelativePath(Folder, f).Replace('\\', '/'))
                .Order(StringComparer.Ordinal),
        ];

    // Each way that an orchestration can take.
    private static Dictionary<string, LeaverHistory> Lives { get; } =
        new()
        {
            ["later-then-earlier"] = new(12, [Sends(1, "terminated", 1, 30), Sends(30, "termination.rescheduled", 2, 5)]),
            ["cancelled"] = new(8, [Sends(1, "terminated", 1, 5), Sends(30, "termination.cancelled", 2, null)]),
            ["held-and-approved"] = new(3, [Protects, Sends(1, "terminated", 1, 0), .. Answered(20, true)]),
            ["held-and-refused"] = new(2, [Protects, Sends(1, "terminated", 1, 0), .. Answered(4, false)]),
            ["given-back"] = new(4, [Sends(1, "terminated", 1, 0), Sends(3, "termination.cancelled", 2, null), .. Answered(9, true)]),
            ["stuck-over-several-histories"] = new(
                1,
                [new Permits(TimeSpan.Zero, "GroupMember.ReadWrite.All", Granted: false), Sends(1, "terminated", 1, 0)]
            ),
            ["services-away-for-hours"] = new(
                2,
                [Sends(1, "terminated", 1, 0.1), new ServiceFails(TimeSpan.FromHours(2), "graph/* => status=503", TimeSpan.FromHours(5))]
            ),
            ["storage-away-for-hours"] = new(2, [Sends(1, "terminated", 1, 0.1)]),
        };

    private static EditsPolicy Protects => new(TimeSpan.Zero, PolicyEdit.ProtectLea);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Recorded))]
    public async Task A_recorded_history_replays_on_the_present_code(string file)
    {
        var history = HistoryJson.Read(await File.ReadAllTextAsync(Path.Combine(Folder, file), TestContext.Current.CancellationToken));

        Assert.Null(HistoryReplay.Replay(history, AppFunctions.ClassesIn(typeof(LeaverOrchestrations).Assembly)));
    }

    [Fact]
    public async Task The_present_version_has_recorded_histories_of_each_way_that_it_can_take()
    {
        var folder = Path.Combine(Folder, OrchestrationVersions.Current);
        if (Environment.GetEnvironmentVariable(RecordVariable) == "1")
            await RecordAsync(folder);

        var files = Directory.Exists(folder) ? Directory.EnumerateFiles(folder) : [];
        var recorded = files.Select(f => Path.GetFileName(f).Split('.')[0]).Distinct().Order(StringComparer.Ordinal);
        Assert.True(
            Lives.Keys.Order(StringComparer.Ordinal).SequenceEqual(recorded),
            $"{folder} lacks histories: run this test with {RecordVariable}=1 once the version has been raised"
        );
    }

    private static async Task RecordAsync(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (name, life) in Lives)
        {
            var faults =
                name == "storage-away-for-hours"
                    ? new FaultPlan { Rates = new Dictionary<FaultKind, double> { [FaultKind.ReportedFailed] = 0.9 } }
                    : new FaultPlan();
            await using var world = await LeaverWorld.StartAsync(3, faults, records: true, cancellationToken: Stop);
            await HistoryRun.LiveAsync(life, world, new LeaverInvariants(world));
            foreach (var history in world.Simulation.Histories)
            {
                var file = Path.Combine(folder, $"{name}.{history.Name}.{history.Generation}.json");
                await File.WriteAllTextAsync(file, HistoryJson.Write(history) + "\n", Stop);
            }
        }
    }

    private static HrSends Sends(double hour, string type, long sequence, double? leavesAfterDays) =>
        new(
            TimeSpan.FromHours(hour),
            type,
            sequence,
            leavesAfterDays is { } days ? TimeSpan.FromHours(hour) + TimeSpan.FromDays(days) : null
        );

    private static IEnumerable<Happening> Answered(double hour, bool approve) =>
        [new Answers(TimeSpan.FromHours(hour), 0, approve), new Answers(TimeSpan.FromHours(hour + 1), 1, approve)];
}
