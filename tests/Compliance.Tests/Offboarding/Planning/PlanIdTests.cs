using System.Security.Cryptography;
using System.Text;
using Compliance.Changes.Plans;
using Compliance.Offboarding;
using Compliance.Offboarding.Planning;

namespace Compliance.Tests.Offboarding.Planning;

/// <summary>
/// A plan is stored and approved under its id. The same leaver under the same policy has to get the same plan from every version of this
/// program, or what was approved before an update is asked for once more after it.
/// </summary>
public sealed class PlanIdTests
{
    [Theory]
    [InlineData("block", "cc88fd9c5010")]
    [InlineData("on-premises", "99969c3bde6a")]
    [InlineData("group", "b0e65777395b")]
    [InlineData("group that takes no member", "c9cce56ee89a")]
    public void A_plan_to_block_keeps_its_id(string what, string id) => Assert.Equal((what, id), (what, Block(what).Id()[..12]));

    [Theory]
    [InlineData("everything", "9a84242fc73c")]
    [InlineData("defaults", "49bcc9210e3c")]
    [InlineData("no one to hand over to", "185023868a6b")]
    [InlineData("manager not read", "59616ba06366")]
    public void A_plan_to_remove_keeps_its_id(string what, string id) => Assert.Equal((what, id), (what, Removal(what).Id()[..12]));

    [Theory]
    [InlineData("everything", "363496f7573a")]
    [InlineData("defaults", "7c023be7c64b")]
    [InlineData("account closed before", "23c7738bd24d")]
    [InlineData("account closed after the first leaving", "363496f7573a")]
    public void A_plan_to_give_back_keeps_its_id(string what, string id) => Assert.Equal((what, id), (what, Undo(what).Id()[..12]));

    [Fact]
    public void Every_switch_of_policy_with_every_new_owner_gives_the_plans_it_gave()
    {
        using var removals = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var undos = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var policy in RichLeaver.Policies())
            foreach (var newOwner in RichLeaver.NewOwners)
            {
                var plan = RemovalPlanner.Plan(Some.CaseId, RichLeaver.Facts, RichLeaver.Snapshot, newOwner, policy);
                removals.AppendData(Encoding.UTF8.GetBytes(plan.Id()));
                undos.AppendData(Encoding.UTF8.GetBytes(RichLeaver.Undo(RichLeaver.Facts, plan, policy).Id()));
            }

        Assert.Equal(("e776299e4dc9", "ea35b0a78d5b"), (Hex(removals), Hex(undos)));
    }

    private static ActionPlan Block(string what) =>
        what switch
        {
            "on-premises" => BlockPlanner.Plan(Some.TenantId, Some.CaseId, Some.Facts with { OnPremisesSynced = true }, Some.Policy),
            "group" => BlockPlanner.Group(Some.TenantId, Some.CaseId, Some.Facts, RichLeaver.Group, Some.Policy),
            "group that takes no member" => BlockPlanner.Group(
                Some.TenantId,
                Some.CaseId,
                Some.Facts,
                RichLeaver.Group with
                {
                    Problem = "it is dynamic",
                },
                Some.Policy
            ),
            _ => BlockPlanner.Plan(Some.TenantId, Some.CaseId, Some.Facts, Some.Policy),
        };

    private static ActionPlan Removal(string what) =>
        RemovalPlanner.Plan(
            Some.CaseId,
            RichLeaver.Facts,
            RichLeaver.Snapshot,
            what switch
            {
                "no one to hand over to" => null,
                "manager not read" => NewOwner.NotRead("the manager could not be read: 429"),
                _ => Some.NewOwner,
            },
            what switch
            {
                "defaults" or "no one to hand over to" => Some.Policy,
                _ => Some.Everything with { FallbackOwner = "fallback", HandOverMailAndFiles = true },
            }
        );

    private static ActionPlan Undo(string what)
    {
        var isClosed = what.StartsWith("account closed", StringComparison.Ordinal);
        return RichLeaver.Undo(
            isClosed ? RichLeaver.Facts with { AccountEnabled = false } : RichLeaver.Facts,
            Removal("everything"),
            what == "defaults" ? Some.Policy : Some.Everything,
            what == "account closed after the first leaving" ? RichLeaver.Facts : null
        );
    }

    private static string Hex(IncrementalHash hash) => Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
}
