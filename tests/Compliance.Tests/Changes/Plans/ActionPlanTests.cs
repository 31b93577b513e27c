using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Text;

namespace Compliance.Tests.Changes.Plans;

/// <summary>What makes a step the same step and a plan another plan, and what counts as done.</summary>
public sealed class ActionPlanTests
{
    private static readonly PlanTarget Group = new("group", "g", "Group");

    private static readonly ActionPlan Plan = new()
    {
        Kind = "offboarding.remove",
        TenantId = "t",
        CaseId = "c",
        SubjectId = "u",
        PolicySha256 = new string('a', 64),
        Steps = [new("s", "group.member.remove", Group, 1, "r", "p.yaml#/x", new Dictionary<string, string> { ["principalId"] = "u" })],
        Manual = [new(Group, "w", "d")],
    };

    [Theory]
    [InlineData(StepResult.Done, true)]
    [InlineData(StepResult.AlreadySo, true)]
    [InlineData(StepResult.Failed, false)]
    [InlineData(StepResult.NotPermitted, false)]
    [InlineData(StepResult.Refused, false)]
    public void A_step_is_in_effect_only_where_the_service_says_that_the_state_is_reached(StepResult result, bool inEffect) =>
        Assert.Equal(inEffect, new StepOutcome("s", result, default).InEffect);

    [Fact]
    public void A_step_is_another_for_another_act_target_or_new_owner_and_the_same_whatever_the_target_is_called()
    {
        var same = PlanStep.IdOf("owner.add", Group, "heir");
        string[] others =
        [
            PlanStep.IdOf("owner.remove", Group, "heir"),
            PlanStep.IdOf("owner.add", Group with { Id = "h" }, "heir"),
            PlanStep.IdOf("owner.add", Group with { Type = "application" }, "heir"),
            PlanStep.IdOf("owner.add", Group, "other"),
            PlanStep.IdOf("owner.add", Group),
        ];

        Assert.Equal(same, PlanStep.IdOf("owner.add", Group with { Name = "Renamed" }, "heir"));
        Assert.Equal(6, others.Append(same).Distinct().Count());
        Assert.Matches("^[0-9a-f]{16}$", same);
    }

    [Fact]
    public void A_plan_is_another_by_each_thing_that_is_approved_with_it()
    {
        var step = Plan.Steps[0];
        ActionPlan Of(PlanStep changed) => Plan with { Steps = [changed] };
        ActionPlan[] others =
        [
            Plan with
            {
                Kind = "k",
            },
            Plan with
            {
                TenantId = "x",
            },
            Plan with
            {
                CaseId = "x",
            },
            Plan with
            {
                SubjectId = "x",
            },
            Plan with
            {
                PolicySha256 = "x",
            },
            Plan with
            {
                Steps = [],
            },
            Plan with
            {
                Steps = [step, step],
            },
            Plan with
            {
                Manual = [],
            },
            Of(step with { Id = "x" }),
            Of(step with { Action = "x" }),
            Of(step with { Target = Group with { Id = "x" } }),
            Of(step with { Wave = 2 }),
            Of(step with { Reason = "x" }),
            Of(step with { Rule = "x" }),
            Of(step with { Arguments = new Dictionary<string, string>() }),
            Of(step with { Arguments = new Dictionary<string, string> { ["principalId"] = "x" } }),
        ];

        Assert.Equal(Plan.Id(), (Plan with { Steps = [step with { }] }).Id());
        Assert.Equal(others.Length + 1, others.Append(Plan).Select(p => p.Id()).Distinct().Count());
    }

    // The names of RFC 8785, section 3.2.3: by UTF-16 code units, which is neither the order of a language nor that of code points.
    [Fact]
    public void Names_are_in_the_order_of_their_code_units()
    {
        var names = (string[])["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6", "b", "B", "a"];

        var text = Encoding.UTF8.GetString(
            CanonicalJson.Serialize(new JsonObject(names.Select(n => KeyValuePair.Create(n, (JsonNode?)0))))
        );

        Assert.Equal(
            "{\"\\r\":0,\"1\":0,\"B\":0,\"a\":0,\"b\":0,\"\u0080\":0,\"\u00f6\":0,\"\u20ac\":0,\"\ud83d\ude00\":0,\"\ufb33\":0}",
            text
        );
    }

    [Fact]
    public void What_has_no_value_is_left_out_and_what_has_no_name_is_refused()
    {
        Assert.Equal(
            """{"b":"alreadySo"}""",
            Encoding.UTF8.GetString(CanonicalJson.Serialize(new { A = (string?)null, B = StepResult.AlreadySo }))
        );
        Assert.Throws<JsonException>(() => CanonicalJson.Serialize(new { A = (StepResult)99 }));
    }
}
