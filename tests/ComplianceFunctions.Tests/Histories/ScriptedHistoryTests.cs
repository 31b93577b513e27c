using Compliance.Offboarding;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>Histories that harmed somebody once, and the smallest ones of faults that are known and not put right yet.</summary>
public sealed class ScriptedHistoryTests
{
    private static HrSends Terminated(double hour, long sequence) =>
        new(TimeSpan.FromHours(hour), "terminated", sequence, TimeSpan.FromHours(hour), ForCause: true);

    private static HrSends Rescheduled(double hour, long sequence, double day) =>
        new(TimeSpan.FromHours(hour), "termination.rescheduled", sequence, TimeSpan.FromDays(day));

    private static HrSends Cancelled(double hour, long sequence) => new(TimeSpan.FromHours(hour), "termination.cancelled", sequence);

    private static IEnumerable<Happening> Approved(double hour) =>
        [new Answers(TimeSpan.FromHours(hour), 0), new Answers(TimeSpan.FromHours(hour) + TimeSpan.FromMinutes(1), 1)];

    private static EditsDirectory Directory(double hour, DirectoryEdit edit, Person who = Person.Lea) =>
        new(TimeSpan.FromHours(hour), edit, who);

    private static Permits Lacks(double hour, string permission) => new(TimeSpan.FromHours(hour), permission, Granted: false);

    private static async Task<LeaverCase> LiveAsync(int days, params IEnumerable<Happening> happenings)
    {
        await using var world = await LeaverWorld.StartAsync(cancellationToken: TestContext.Current.CancellationToken);
        await HistoryRun.LiveAsync(new(days, [.. happenings]), world, new LeaverInvariants(world));
        return (await world.CaseAsync(Person.Lea, "1"))!;
    }

    [Fact]
    public async Task A_held_case_that_is_rescheduled_waits_for_its_day_whoever_approves()
    {
        var known = await LiveAsync(
            30, [new EditsPolicy(TimeSpan.Zero, PolicyEdit.ProtectLea), Terminated(1, 1), Rescheduled(3, 2, day: 90), .. Approved(4)]);

        Assert.Null(known.BlockedAt);
    }

    [Fact]
    public async Task An_unmatched_case_that_is_rescheduled_waits_for_its_day_whoever_puts_the_id_right()
    {
        var known = await LiveAsync(
            30, Directory(0.5, DirectoryEdit.ClearEmployeeId), Terminated(1, 1), Rescheduled(3, 2, day: 90),
            Directory(4, DirectoryEdit.SetEmployeeId));

        Assert.Null(known.BlockedAt);
    }

    [Fact]
    public async Task A_second_undo_asks_again()
    {
        var known = await LiveAsync(
            10, [Terminated(1, 1), Cancelled(2, 2), .. Approved(3), Terminated(30, 3), Cancelled(32, 4)]);

        Assert.Equal((LeaverStage.Restoring, 2), (known.Stage, known.Round));
    }

    [Fact]
    public Task A1_the_wrong_person_is_blocked_again_after_HR_and_directory_were_put_right() =>
        KnownFault.BreaksAsync("A1", Invariant.OnlyTheLeaver, () => LiveAsync(10, [Directory(0.5, DirectoryEdit.TakeLeasEmployeeId, Person.Mia), Terminated(1, 1), Cancelled(2, 2), .. Approved(3),
            Directory(4, DirectoryEdit.SetEmployeeId, Person.Mia), Directory(4, DirectoryEdit.SetEmployeeId), Terminated(30, 3)]));

    [Fact]
    public Task A4_who_was_rehired_is_disabled_by_the_case_of_the_old_employment() =>
        KnownFault.BreaksAsync("A4", Invariant.NotWhileEmployed, () => LiveAsync(
            10, Lacks(0.5, "GroupMember.ReadWrite.All"), Terminated(1, 1),
            new HrSends(TimeSpan.FromHours(5), "rehired", 1, Employment: "2"), Directory(6, DirectoryEdit.Enable)));

    [Fact]
    public Task B3_a_relapse_is_resolved_while_the_account_is_enabled() =>
        KnownFault.BreaksAsync("B3", Invariant.ResolvedWhenGone, () => LiveAsync(
            30, Terminated(1, 1), Lacks(24 * 10, "User.EnableDisableAccount.All"), Directory(24 * 10, DirectoryEdit.Enable)));

    [Fact]
    public Task C1_a_leaver_whose_removal_is_stuck_grows_records_for_ever() =>
        KnownFault.BreaksAsync("C1", Invariant.GrowsWithChanges, () => LiveAsync(
            10, Lacks(0.5, "GroupMember.ReadWrite.All"), Terminated(1, 1)));
}
