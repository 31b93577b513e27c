using Azure;
using Compliance.Callers;
using Compliance.Changes.Approvals;
using Compliance.Offboarding;
using Compliance.Offboarding.Desk;
using Compliance.Offboarding.Erasure;
using Compliance.Tenants;
using Microsoft.Extensions.DependencyInjection;
using Simulation.Storage;
using Testing;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>What names people of a case is erased once two people agreed to it, and not before.</summary>
public sealed class ErasureQuestionTests
{
    private static readonly KeptDetails Nothing = new(null, 0, 0, 0);

    public static TheoryData<int> Seeds => [.. TestSize.Seeds(20)];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_people_other_than_who_asked_agree_before_anything_is_erased()
    {
        await using var desk = await ClosedAsync();
        var kept = await KeptAsync(desk);
        var asked = await AskAsync(desk, by: 0);

        Assert.NotNull((await AnswerAsync(desk, asked, 0, true)).Objection);
        Assert.Null((await AnswerAsync(desk, asked, 1, true)).Objection);
        Assert.Null((await AnswerAsync(desk, asked, 1, true)).Objection);
        await SweepAsync(desk);
        Assert.Equal(kept, await KeptAsync(desk));

        await AnswerAsync(desk, asked, 2, true);
        Assert.Equal(Nothing, await KeptAsync(desk));
        Assert.Equal((1, 2, 2), (desk.Recorded(ErasureQuestions.AskedAction), desk.Recorded("approval.answer"), Erasures(desk)));
        Assert.Empty(await Board(desk).AskedAsync(SmallTenant.Id, GuardNames.Erasure, Stop));
    }

    [Fact]
    public async Task A_refusal_keeps_everything_and_asked_again_it_is_another_question()
    {
        await using var desk = await ClosedAsync();
        var asked = await AskAsync(desk, by: 0);
        await AnswerAsync(desk, asked, 1, false);
        Assert.NotNull((await AnswerAsync(desk, asked, 2, true)).Objection);
        await SweepAsync(desk);
        Assert.NotEqual(Nothing, await KeptAsync(desk));

        await desk.WaitAsync(TimeSpan.FromMinutes(1));
        var again = await AskAsync(desk, by: 1);
        await AnswerAsync(desk, again, 0, true);
        Assert.NotEqual(Nothing, await KeptAsync(desk));
        await AnswerAsync(desk, again, 2, true);

        Assert.NotEqual(asked.Id, again.Id);
        Assert.Equal(Nothing, await KeptAsync(desk));
    }

    [Fact]
    public async Task Asked_again_while_it_is_open_it_is_the_same_question()
    {
        await using var desk = await ClosedAsync();
        var asked = await AskAsync(desk, by: 0);
        await desk.WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(asked.Id, (await AskAsync(desk, by: 1)).Id);
        Assert.Equal(1, desk.Recorded(ErasureQuestions.AskedAction));
    }

    [Theory]
    [InlineData(HrEventKind.Terminated)]
    [InlineData(HrEventKind.Cancelled)]
    public async Task What_HR_reports_between_question_and_answer_voids_the_question(HrEventKind kind)
    {
        await using var desk = await ClosedAsync();
        var asked = await AskAsync(desk, by: 0);
        await AnswerAsync(desk, asked, 1, true);

        await desk.SaysAsync(kind, 2);
        await AnswerAsync(desk, asked, 2, true);

        Assert.NotEqual(LeaverCase.Erased, (await desk.CaseAsync()).EmployeeId);
        Assert.NotEqual(Nothing, await KeptAsync(desk));
        Assert.False(await IsOpenAsync(desk, asked));
    }

    [Fact]
    public async Task Who_was_let_back_after_their_access_had_ended_gives_their_yes_again()
    {
        await using var desk = await ClosedAsync();
        var asked = await AskAsync(desk, by: 0);
        await AnswerAsync(desk, asked, 1, true);
        await Board(desk).EndAsync(SmallTenant.Id, asked.Id, SmallTenant.Approvers[1], Stop);
        await AnswerAsync(desk, asked, 2, true);
        Assert.NotEqual(Nothing, await KeptAsync(desk));

        await desk.WaitAsync(TimeSpan.FromMinutes(1));
        await AnswerAsync(desk, asked, 1, true);

        Assert.Equal(Nothing, await KeptAsync(desk));
    }

    [Fact]
    public async Task A_yes_of_long_ago_does_not_count()
    {
        await using var desk = await ClosedAsync();
        var asked = await AskAsync(desk, by: 0);
        await AnswerAsync(desk, asked, 1, true);
        await desk.WaitAsync(asked.ValidFor + TimeSpan.FromMinutes(1));

        await AnswerAsync(desk, asked, 2, true);
        Assert.NotEqual(Nothing, await KeptAsync(desk));

        await AnswerAsync(desk, asked, 1, true);
        Assert.Equal(Nothing, await KeptAsync(desk));
    }

    [Fact]
    public async Task Cut_off_before_any_of_its_writes_it_is_finished_by_the_sweep()
    {
        var (kept, isCutOff) = (0, true);
        for (; isCutOff; kept++)
        {
            await using var desk = await ClosedAsync();
            var asked = await AskAsync(desk, by: 0);
            await AnswerAsync(desk, asked, 1, true);
            var (writes, cut) = (0, false);
            desk.World.Storage.Faults = request =>
            {
                if (!request.Writes || writes++ < kept)
                    return StorageFault.None;
                cut = true;
                return StorageFault.FailBefore(400, "CutOff");
            };
            try
            {
                await AnswerAsync(desk, asked, 2, true);
            }
            catch (RequestFailedException)
            {
                // The answer itself, or its record.
            }
            desk.World.Storage.Faults = _ => StorageFault.None;
            isCutOff = cut;
            if (await IsOpenAsync(desk, asked))
                await AnswerAsync(desk, asked, 2, true);

            await SweepAsync(desk);
            await SweepAsync(desk);

            Assert.Equal(Nothing, await KeptAsync(desk));
            Assert.Equal((1, 2, 2), (desk.Recorded(ErasureQuestions.AskedAction), desk.Recorded("approval.answer"), Erasures(desk)));
            Assert.Empty(await Board(desk).AskedAsync(SmallTenant.Id, GuardNames.Erasure, Stop));
        }
        Assert.True(kept > 8, $"{kept} writes only");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_event_that_is_recorded_only_after_the_erasure_names_no_one(bool isBySweep)
    {
        await using var desk = await ClosedAsync();
        await desk.WaitAsync(TimeSpan.FromMinutes(10));
        var asked = await AskAsync(desk, by: 0);
        await AnswerAsync(desk, asked, 1, true);
        await AnswerAsync(desk, asked, 2, true);

        if (isBySweep)
            await SweepAsync(desk);
        else
            await desk.SettleAgainAsync();

        Assert.Equal((1, Nothing), (desk.Recorded("offboarding.hr-event"), await KeptAsync(desk)));
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task In_a_random_life_nothing_is_erased_without_two_and_nothing_is_left_half_erased(int seed)
    {
        var random = new Random(seed);
        await using var desk = await ClosedAsync();
        var (asked, sequence, isAgreed) = (
            new Dictionary<string, (ApprovalRequest Request, long Sequence)>(StringComparer.Ordinal),
            1L,
            false
        );
        var sent = sequence;
        for (var step = 0; step < 40 && !isAgreed; step++)
        {
            var (writes, failsAt) = (0, random.Next(3) == 0 ? random.Next(12) : int.MaxValue);
            desk.World.Storage.Faults = request =>
                request.Writes && writes++ >= failsAt ? StorageFault.FailBefore(400, "CutOff") : StorageFault.None;
            try
            {
                await HappenAsync();
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException)
            {
                // Who asked or answered sees an error.
            }
            desk.World.Storage.Faults = _ => StorageFault.None;
            sequence = (await desk.CaseAsync()).Sequence;
            await CloseAsync(desk);
            foreach (var request in await Board(desk).AskedAsync(SmallTenant.Id, GuardNames.Erasure, Stop))
                Note(request);
            isAgreed = asked.Values.Any(a => a.Sequence == sequence && IsAgreed(a.Request));
            Assert.True(isAgreed || (await desk.CaseAsync()).EmployeeId != LeaverCase.Erased, "erased without two people's agreement");
        }
        await SweepAsync(desk);

        Assert.Equal((isAgreed, isAgreed ? 2 : 0), (await KeptAsync(desk) == Nothing, Erasures(desk)));

        async Task HappenAsync()
        {
            var (who, some) = (random.Next(3), asked.Values.Select(a => a.Request).ToList());
            switch (random.Next(10))
            {
                case 0 or 1:
                    Note(await AskAsync(desk, who));
                    break;
                case 2:
                    await SweepAsync(desk);
                    break;
                case 3:
                    await desk.WaitAsync(TimeSpan.FromHours(random.Next(60)));
                    break;
                case 4 when random.Next(3) == 0:
                    // One that was cut off is not sent again with another content.
                    await desk.SaysAsync(random.Next(2) == 0 ? HrEventKind.Terminated : HrEventKind.Cancelled, ++sent);
                    break;
                case > 4 when some.Count > 0:
                    if ((await AnswerAsync(desk, some[random.Next(some.Count)], who, random.Next(6) > 0)).Request is { } answered)
                        Note(answered);
                    break;
            }
        }

        void Note(ApprovalRequest request) =>
            asked[request.Id + request.PlanId] = (
                request,
                asked.TryGetValue(request.Id + request.PlanId, out var known) ? known.Sequence : sequence
            );

        bool IsAgreed(ApprovalRequest request) =>
            request.Answers.All(a => a.Approve)
            && request
                .Answers.Where(a => a.ApproverId != request.Requesters[0] && desk.World.Now - a.At <= TimeSpan.FromHours(72))
                .DistinctBy(a => a.ApproverId)
                .Count() >= 2;
    }

    private static async Task<StepDesk> ClosedAsync()
    {
        var desk = await StepDesk.StartAsync();
        await desk.SaysAsync();
        await desk.PlannedAsync();
        await CloseAsync(desk);
        return desk;
    }

    private static Task<LeaverCase> CloseAsync(StepDesk desk) =>
        desk
            .World.Services.GetRequiredService<ILeaverCases>()
            .ChangeAsync(SmallTenant.Id, desk.Run.CaseId, c => c with { Stage = LeaverStage.Closed, RestedAt = desk.World.Now }, Stop);

    private static async Task<ApprovalRequest> AskAsync(StepDesk desk, int by) =>
        await desk
            .World.Services.GetRequiredService<ErasureQuestions>()
            .AskAsync(await desk.CaseAsync(), Nothing, SmallTenant.Approvers[by], Stop);

    private static async Task<AnswerOutcome> AnswerAsync(StepDesk desk, ApprovalRequest asked, int by, bool approve)
    {
        var person = new CallerIdentity(SmallTenant.Approvers[by], SmallTenant.Id, null, true, [AppRole.Approver]);
        var outcome = await Board(desk).AnswerAsync(SmallTenant.Id, asked.Id, asked.PlanId, person, approve, null, desk.World.Now, Stop);
        if (outcome.Request is { } answered)
            await desk.World.Services.GetRequiredService<AnswerSettling>().TrySettleAsync(answered, Stop);
        return outcome;
    }

    private static Task SweepAsync(StepDesk desk) => desk.World.Services.GetRequiredService<OutstandingWork>().RunAsync(Stop);

    private static ApprovalBoard Board(StepDesk desk) => desk.World.Services.GetRequiredService<ApprovalBoard>();

    private static async Task<bool> IsOpenAsync(StepDesk desk, ApprovalRequest asked) =>
        await Board(desk).FindAsync(SmallTenant.Id, asked.Id, Stop) is { } request
        && ApprovalRules.StateOf(request, desk.World.Now) == ApprovalState.Open;

    // Null while the case goes on.
    private static async Task<KeptDetails?> KeptAsync(StepDesk desk)
    {
        try
        {
            return await desk.World.Services.GetRequiredService<DetailErasure>().PreviewAsync(desk.Run.CaseId, Stop);
        }
        catch (ErasureRefusedException)
        {
            return null;
        }
    }

    private static int Erasures(StepDesk desk) => desk.Recorded(DetailErasure.Action);
}
