using System.Text;
using Compliance.Offboarding;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Planning;
using Compliance.Tests.Offboarding;
using ComplianceCli;

namespace Compliance.Tests.Cli;

public sealed class OffboardOutputTests
{
    private static LeaverCase Case => Some.Case with { ReceivedAt = Some.Time.AddSeconds(-1.5), Stage = LeaverStage.Blocked };

    [Fact]
    public void A_case_says_who_it_is_about_as_far_as_is_known()
    {
        Assert.Equal("leaver-00c0ffee  Blocked  employee NW-1042  received 2026-11-23 08:59:58Z", OffboardOutput.Line(Case));
        Texts.Cli.Expect(
            "a case of a known person that a guard holds",
            OffboardOutput.Line(
                Case with
                {
                    Latest = Case.Latest with { PrincipalName = "dana\u202e@northwynd.example" },
                    UserId = Some.UserId,
                    BlockedAt = Some.Time,
                    Note = "a guard holds it",
                }
            )
        );
        Assert.Contains("(u-1)", OffboardOutput.Line(Case with { UserId = "u-1" }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_case_whose_removals_are_done_is_not_called_clear_since_something_may_be_left_to_people() =>
        Assert.Equal(
            "leaver-00c0ffee  Watched  employee NW-1042  received 2026-11-23 08:59:58Z",
            OffboardOutput.Line(Case with { Stage = LeaverStage.Clear })
        );

    [Fact]
    public void A_certificate_in_short_has_what_remains_and_never_clear_beside_it()
    {
        var ruled = Some.Group("a\u202erule") with { NotRemovable = "its members follow a rule", WhatToDo = "change it" };
        var plan = RemovalPlanner.Plan(Some.CaseId, Some.Facts, Some.Snapshot(Some.Group("g1"), ruled), null, Some.Policy);
        var verified = Verification.Compare(
            [plan],
            [],
            Some.Snapshot(Some.Group("g1"), Some.Group("a\u202erule")),
            Some.Snapshot(Some.Group("a\u202erule"))
        );
        var leaver = Case with { BlockedAt = Some.Time, ClearAt = Some.Time.AddSeconds(40) };
        var certificate = CertificateBuilder.Build(new(leaver, Some.Facts, [plan], [], verified, [], [], Some.Policy));
        using var output = new StringWriter { NewLine = "\n" };

        OffboardOutput.Certificate(output, certificate);

        Assert.Equal(
            """

            Certificate: Blocked in 1 s; 1 of 2 accesses remains
            All that this program removes was seen removed in 41 s.
              GroupMember              1 removed, 1 not
            Left to people:
              group a\u202erule: its members follow a rule

            """,
            output.ToString()
        );
    }

    [Fact]
    public void A_certificate_has_a_property_a_line_and_cannot_play_with_the_terminal() =>
        Assert.Equal(
            "{\n  \"name\": \"Zoë \\u202e\",\n  \"seconds\": 12\n}",
            OffboardOutput.Pretty(Encoding.UTF8.GetBytes("{\"name\":\"Zoë \u202e\",\"seconds\":12}"))
        );

    [Fact]
    public void A_document_that_is_no_JSON_is_refused() => Assert.Throws<CliException>(() => OffboardOutput.Pretty("{"u8.ToArray()));

    [Fact]
    public void Steps_of_one_name_are_told_apart_by_where_and_which()
    {
        var snapshot = Some.Snapshot(
            Some.AzureRole("s1", "r") with
            {
                Name = "Reader",
            },
            Some.AzureRole("s2", "r") with
            {
                Name = "Reader",
            },
            Some.Group("g1") with
            {
                Name = "data",
            },
            Some.Group("g2") with
            {
                Name = "data",
            }
        );
        using var output = new StringWriter { NewLine = "\n" };

        OffboardOutput.Steps(
            output,
            [RemovalPlanner.Plan("dry-run", Some.Facts, snapshot, Some.NewOwner, Some.Policy) with { Manual = [] }]
        );

        Assert.Equal(
            [
                "group.member.remove          data [g1]",
                "group.member.remove          data [g2]",
                "azureRole.remove             Reader on /subscriptions/s1",
                "azureRole.remove             Reader on /subscriptions/s2",
            ],
            output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Trim().Split("  (")[0])
        );
    }

    [Fact]
    public void A_plan_lists_no_step_twice_and_each_reason_on_a_line_of_its_own()
    {
        var account = Some.Access(AccessKind.Account, Some.UserId);
        var facts = Some.Facts with { OnPremisesSynced = true, Mail = "dana@northwynd.example" };
        var block = BlockPlanner.Plan(Some.TenantId, "dry-run", facts, Some.Policy);
        var ruled = Some.Group("g2") with { NotRemovable = "a rule", WhatToDo = "change it" };
        var remove = RemovalPlanner.Plan("dry-run", facts, Some.Snapshot(account, Some.Group("g1"), ruled), Some.NewOwner, Some.Policy);
        string[] holds = ["last-owner: one", "unreadable: two", "last-owner: one"];
        using var output = new StringWriter { NewLine = "\n" };

        Assert.Equal(0, OffboardOutput.Plan(output, new(Some.UserId, null, holds, block, remove, [])));

        var lines = output.ToString().Split('\n');
        Assert.Equal(["Would wait for two approvals:", "  last-owner: one", "  unreadable: two"], lines[..3]);
        Assert.Equal(2, block.Steps.Count(s => remove.Steps.Any(r => r.Id == s.Id)));
        Assert.Equal(
            ["account.disable", "account.revokeSessions", "group.member.remove"],
            lines.Where(l => l.EndsWith(')')).Select(l => l.Trim().Split(' ')[0]).Where(a => a.Contains('.'))
        );
        Assert.All(lines.Where(l => l.StartsWith("  by hand", StringComparison.Ordinal)).GroupBy(l => l), g => Assert.Single(g));
        Assert.Contains("  by hand: group g2: a rule\n           change it\n", output.ToString(), StringComparison.Ordinal);
    }
}
