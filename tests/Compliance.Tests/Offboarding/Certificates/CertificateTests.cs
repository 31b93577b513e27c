using System.Text.Json.Nodes;
using Compliance.Changes.Approvals;
using Compliance.Changes.Plans;
using Compliance.Offboarding;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Directory;
using Compliance.Offboarding.Planning;
using Compliance.Text;
using Local;
using NJsonSchema;

namespace Compliance.Tests.Offboarding.Certificates;

public sealed class CertificateTests
{
    private static readonly string Hostile = "<script>alert('x')</script>\" onload=\"y & \u202Egnp.exe `z`\u0007";

    [Fact]
    public async Task A_certificate_is_what_its_schema_says_whether_everything_went_well_or_nothing_did()
    {
        Assert.Empty(await ErrorsAsync(Clear()));
        Assert.Empty(await ErrorsAsync(Troubled()));
    }

    [Theory]
    [InlineData("state", "\"done\"")]
    [InlineData("policySha256", "\"abc\"")]
    [InlineData("secondsToBlocked", "-1")]
    [InlineData("extra", "1")]
    [InlineData("residual", "null")]
    public async Task A_wrong_value_is_refused(string property, string value)
    {
        var json = JsonNode.Parse(CanonicalJson.Serialize(Clear()))!;
        json[property] = JsonNode.Parse(value);

        Assert.NotEmpty((await SchemaAsync()).Validate(json.ToJsonString()));
    }

    [Fact]
    public void A_clear_case_tells_how_long_it_took_from_the_event()
    {
        var certificate = Clear();

        Assert.Equal(("clear", 42, 660), (certificate.State, certificate.SecondsToBlocked, certificate.SecondsToClear));
        Assert.Contains(
            $"<strong>{CertificateHeadline.From(certificate).Text}</strong>",
            CertificatePage.Html(certificate),
            StringComparison.Ordinal
        );
        Assert.Contains("2026-11-23 10:30 UTC", certificate.Residual[0], StringComparison.Ordinal);
    }

    [Fact]
    public void The_time_counts_from_when_access_was_to_end_where_that_is_later_than_the_event()
    {
        var input = Input() with { Case = Case with { ReceivedAt = Some.Time.AddDays(-3), DueAt = Some.Time.AddSeconds(-10) } };

        Assert.Equal(10, CertificateBuilder.Build(input).SecondsToBlocked);
        Assert.Equal(
            3 * 86400,
            CertificateBuilder
                .Build(input with { Case = input.Case with { Latest = input.Case.Latest with { ForCause = true } } })
                .SecondsToBlocked
        );
    }

    [Fact]
    public void The_same_case_gives_the_same_bytes_and_another_name_gives_others()
    {
        Assert.Equal(CertificatePage.Html(Troubled()), CertificatePage.Html(Troubled()));
        Assert.Equal(Clear().Sha256(), Clear().Sha256());
        Assert.NotEqual(Clear().Sha256(), (Clear() with { SubjectId = "another" }).Sha256());
    }

    [Fact]
    public void Hostile_names_are_shown_and_do_nothing()
    {
        var page = CertificatePage.Html(Troubled());

        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("onload=\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202E", page, StringComparison.Ordinal);
        Assert.DoesNotContain("\u0007", page, StringComparison.Ordinal);
        Assert.Contains(
            "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot; onload=&quot;y &amp; [U+202E]gnp.exe &#96;z&#96;[U+0007]",
            page,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void What_is_left_is_told_with_what_to_do()
    {
        var certificate = Troubled();

        Assert.Equal("blocked", certificate.State);
        Assert.Null(certificate.ClearAt);
        Assert.Equal(
            [(AccessState.LeftToPerson, Hostile), (AccessState.StillThere, "still"), (AccessState.StillThere, "came later")],
            certificate.Accesses.Select(a => (a.State, a.Name)).Where(a => a.State != AccessState.Unknown)
        );
        Assert.Equal(
            ("group.member.remove", StepResult.NotPermitted, "GroupMember.ReadWrite.All"),
            certificate.NotDone.Select(f => (f.Action, f.Result, f.Permission)).Single()
        );
        Assert.Contains(certificate.Remaining, t => t.Name == Hostile && t.WhatToDo == "ask the owner");
        Assert.Equal("graph/users/" + Some.UserId + "/appRoleAssignments", Assert.Single(certificate.Unread).Source);
        Assert.Contains(certificate.Residual, r => r.Contains("guest", StringComparison.Ordinal));
        Assert.Contains(certificate.Residual, r => r.Contains("on-premises", StringComparison.Ordinal));
    }

    [Fact]
    public void Every_kind_of_access_has_its_heading_on_the_page()
    {
        var before = Some.Snapshot([.. Enum.GetValues<AccessKind>().Select(k => Some.Access(k, $"id-of-{k}"))]);

        var page = CertificatePage.Html(CertificateBuilder.Build(Input() with { Verified = Verification.Compare([], [], before, before) }));

        var accesses = page[page.IndexOf("<h2 id=\"access\">", StringComparison.Ordinal)..];
        Assert.All(Enum.GetNames<AccessKind>(), k => Assert.Contains($"<bdi>id-of-{k}</bdi>", accesses, StringComparison.Ordinal));
    }

    [Fact]
    public void A_task_whose_access_was_seen_gone_is_no_task_any_more()
    {
        var access = Some.Group("dynamic") with { NotRemovable = "its members follow a rule", WhatToDo = "change the rule" };
        var plan = RemovalPlanner.Plan(Some.CaseId, Some.Facts, Some.Snapshot(access), null, Some.Policy);

        var certificate = CertificateBuilder.Build(
            Input() with
            {
                Plans = [plan],
                Verified = Verification.Compare([plan], [], Some.Snapshot(access), Some.Snapshot()),
            }
        );

        Assert.Empty(certificate.Remaining);
    }

    [Theory]
    [InlineData(AccessState.LeftToPerson)]
    [InlineData(AccessState.StillThere)]
    [InlineData(AccessState.Unknown)]
    public void A_headline_says_what_remains_and_is_green_only_when_nothing_does(AccessState state)
    {
        var clear = Clear();
        var left = clear with { Accesses = [clear.Accesses[0] with { State = state }, .. clear.Accesses.Skip(1)] };
        var gap = new CertifiedGap("graph/users", "403", null);
        var task = new CertifiedTask("mailbox", "m", "dana@northwynd.example", "no permission", "hand it over");
        var failure = new CertifiedFailure("group.member.remove", "group", "g1", "g1", StepResult.Refused, Some.Time, "409", null, null);

        void Headline(CertificateTone look, string situation, RevocationCertificate certificate)
        {
            var headline = CertificateHeadline.From(certificate);
            Assert.Equal(look, headline.Tone);
            Texts.Offboarding.Expect("headline of a certificate", situation, headline.Text);
        }
        Headline(CertificateTone.Good, "clear", clear);
        Headline(CertificateTone.Warning, "access remains", left);
        Headline(
            CertificateTone.Warning,
            "access remains and a source was not read",
            left with
            {
                Unread = [gap],
                Remaining = [task],
            }
        );
        Headline(CertificateTone.Warning, "tasks remain", clear with { Remaining = [task, task] });
        Headline(CertificateTone.Warning, "a step is not in effect", clear with { NotDone = [failure] });
        Headline(CertificateTone.Warning, "blocked and access remains", left with { State = "blocked" });
        Headline(CertificateTone.Warning, "blocked", clear with { State = "blocked" });
        Headline(CertificateTone.Bad, "not blocked", left with { State = "open", BlockedAt = null });
        var page = CertificatePage.Html(left);
        var text = CertificateHeadline.From(left).Text;
        Assert.Contains($"<div class=\"state warn\" role=\"status\"><strong>{text}<", page, StringComparison.Ordinal);
        Assert.Contains("All that this program removes was seen removed in 11 min.", page, StringComparison.Ordinal);
        Assert.Contains("<div class=\"state good\"", CertificatePage.Html(clear), StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_names_the_person_where_the_directory_has_a_name()
    {
        Assert.Contains("<h1>Revocation certificate for <bdi>Dana Whitlock</bdi></h1>", CertificatePage.Html(Clear()));
        var nameless = CertificateBuilder.Build(Input() with { Facts = Some.Facts with { DisplayName = Some.UserId } });
        Assert.Null(nameless.SubjectName);
        Assert.Contains("<h1>Revocation certificate</h1>", CertificatePage.Html(nameless), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_cell_names_its_column_for_narrow_pages_and_times_end_with_seconds()
    {
        var page = CertificatePage.Html(Troubled());

        Assert.DoesNotContain("<td>", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"\d\d:\d\d:\d\d\.\d", page);
    }

    private static LeaverCase Case =>
        Some.Case with
        {
            ReceivedAt = Some.Time.AddSeconds(-42),
            Stage = LeaverStage.Clear,
            UserId = Some.UserId,
            BlockedAt = Some.Time,
        };

    private static CertificateInput Input()
    {
        var before = Some.Snapshot(Some.Group("g1"), Some.AzureRole("s1", "a1", AssetClass.ProductionModel));
        var plan = RemovalPlanner.Plan(Some.CaseId, Some.Facts, before, Some.NewOwner, Some.Policy);
        var outcomes = plan.Steps.Select(s => new StepOutcome(s.Id, StepResult.Done, Some.Time.AddMinutes(1))).ToList();
        var request = new ApprovalRequest
        {
            Id = "r",
            TenantId = Some.TenantId,
            PlanId = plan.Id(),
            CaseId = Some.CaseId,
            SubjectId = Some.UserId,
            Reasons = ["first act"],
            PolicySha256 = Some.Policy.Sha256,
            AskedAt = Some.Time,
            Deadline = Some.Time.AddDays(1),
            InstanceId = Some.CaseId,
            Answers = [new("approver-1", true, Some.Time.AddSeconds(30), null), new("approver-2", true, Some.Time.AddSeconds(20), null)],
        };
        return new(
            Case,
            Some.Facts,
            [plan],
            outcomes,
            Verification.Compare([plan], outcomes, before, Some.Snapshot() with { TakenAt = Some.Time.AddSeconds(618) }),
            [request],
            [Some.CaseId + "/removed"],
            Some.Policy with
            {
                NotInspected = ["GitHub"],
            },
            "p-1"
        );
    }

    private static RevocationCertificate Clear() => CertificateBuilder.Build(Input());

    private static RevocationCertificate Troubled()
    {
        var manual = Some.Group("dynamic") with { Name = Hostile, NotRemovable = "its members follow a rule", WhatToDo = "ask the owner" };
        var before = Some.Snapshot(Some.Group("still"), manual, Some.AppRole("unread"));
        var facts = Some.Facts with { UserType = "Guest", OnPremisesSynced = true, Mail = "dana@northwynd.example" };
        var plan = RemovalPlanner.Plan(Some.CaseId, facts, before, null, Some.Everything);
        var outcomes = plan
            .Steps.Select(s =>
                s.Action == RemoveGroupMember.Id
                    ? new StepOutcome(
                        s.Id,
                        StepResult.NotPermitted,
                        Some.Time,
                        "403, refused",
                        "GroupMember.ReadWrite.All",
                        "az ad app permission add"
                    )
                    : new StepOutcome(s.Id, StepResult.Done, Some.Time)
            )
            .ToList();
        var source = LeaverSources.Graph(Some.UserId, "appRoleAssignments");
        var after = Some.Snapshot(Some.Group("still"), manual, Some.Group("came later")) with
        {
            TakenAt = Some.Time.AddMinutes(5),
            Sources = [.. Some.Sources().Select(s => s.Source == source ? s with { Complete = false, Reason = "429, throttled" } : s)],
        };
        return CertificateBuilder.Build(
            new(Case, facts, [plan], outcomes, Verification.Compare([plan], outcomes, before, after), [], [], Some.Everything)
        );
    }

    private static async Task<IReadOnlyCollection<object>> ErrorsAsync(RevocationCertificate certificate) =>
        [.. (await SchemaAsync()).Validate(System.Text.Encoding.UTF8.GetString(CanonicalJson.Serialize(certificate)))];

    private static Task<JsonSchema> SchemaAsync() =>
        JsonSchema.FromFileAsync(
            Path.Combine(RepositoryRoot.Find(), "src", "ComplianceFunctions", "schemas", "revocation-certificate.schema.json"),
            TestContext.Current.CancellationToken
        );
}
