using Compliance.Controls;
using Compliance.Findings;
using static Compliance.Tests.Findings.Samples;

namespace Compliance.Tests.Findings;

public sealed class ReconcilerTests
{
    private static readonly Coverage AppsRead = Read(Complete(Sources.Applications));

    [Fact]
    public void A_new_problem_is_opened_with_all_that_is_known_of_it()
    {
        var result = Reconciler.Reconcile(Tenant, Known(), [App()], AppsRead, Run(), Day1.AddMinutes(5));

        var expected = new Finding
        {
            Id = Finding.IdOf(Tenant, "CRED-001", App().Subject, "key-1"),
            TenantId = Tenant,
            Status = FindingStatus.Open,
            Detection = App(),
            OpenedAt = Day1.AddMinutes(5),
            ChangedAt = Day1.AddMinutes(5),
            RunId = "run-1",
        };
        Assert.Equal([new FindingChange(new(expected, null), ChangeKind.Opened)], result.Changes);
        Assert.Equal([expected], result.Findings);
    }

    [Fact]
    public void A_secret_in_a_name_or_in_a_waivers_reason_is_masked_before_it_is_kept()
    {
        var result = Day(
            1,
            Known(),
            AppsRead,
            App() with
            {
                Subject = App().Subject with { Name = "billing client_secret=planted-value" },
                Waiver = Waiver(40) with { Reason = "moves in May, client_secret=planted-value" },
            }
        );

        var kept = result.Findings[0].Detection;
        Assert.DoesNotContain("planted", kept.Subject.Name + kept.Waiver!.Reason, StringComparison.Ordinal);
        Assert.StartsWith("billing ", kept.Subject.Name, StringComparison.Ordinal);
        Assert.StartsWith("moves in May, ", kept.Waiver.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Changes_and_findings_come_in_the_order_of_their_ids()
    {
        var apps = Enumerable.Range(0, 9).Select(i => App($"app-{i}")).ToArray();
        var result = Day(1, Known(), AppsRead, apps);

        Assert.Equal(9, result.Changes.Count);
        var changed = result.Changes.Select(c => c.Finding.Finding.Id).ToList();
        Assert.Equal(changed.Order(StringComparer.Ordinal), changed);
        Assert.Equal(result.Findings.Select(f => f.Id).Order(StringComparer.Ordinal), result.Findings.Select(f => f.Id));
    }

    [Fact]
    public void The_same_problem_in_the_next_run_writes_nothing_and_stays_open()
    {
        var result = Day(2, Known(App()), AppsRead, App());

        Assert.Empty(result.Changes);
        Assert.Equal(1, result.StillOpen);
    }

    [Fact]
    public void A_changed_reason_updates_the_finding_and_keeps_when_it_was_opened()
    {
        var result = Day(2, Known(App()), AppsRead, App() with { Reason = "Other", Subject = App().Subject with { Name = "Billing 2" } });

        var change = Assert.Single(result.Changes);
        Assert.Equal(
            (ChangeKind.Updated, Day1, Day1.AddDays(1), "run-2", "v"),
            (
                change.Kind,
                change.Finding.Finding.OpenedAt,
                change.Finding.Finding.ChangedAt,
                change.Finding.Finding.RunId,
                change.Finding.ETag
            )
        );
        Assert.Equal(1, result.StillOpen);
    }

    [Fact]
    public void What_is_gone_from_a_source_read_to_its_end_is_resolved()
    {
        var change = Assert.Single(Day(2, Known(App()), AppsRead).Changes);

        Assert.Equal(
            (ChangeKind.Resolved, FindingStatus.Resolved, (DateTimeOffset?)Day1.AddDays(1)),
            (change.Kind, change.Finding.Finding.Status, change.Finding.Finding.ResolvedAt)
        );
    }

    [Fact]
    public void A_refused_cut_off_or_unread_source_resolves_nothing()
    {
        Coverage[] unread =
        [
            Read(),
            Read(Refused(Sources.Applications)),
            Read(Complete(Sources.ServicePrincipals)),
            Read(Complete(Sources.Applications), Refused(Sources.Applications)),
        ];

        Assert.All(unread, coverage => Assert.Empty(Day(2, Known(App()), coverage).Changes));
        Assert.All(unread, coverage => Assert.Equal(1, Day(2, Known(App()), coverage).StillOpen));
    }

    [Fact]
    public void Another_tenants_run_resolves_nothing()
    {
        var result = Reconciler.Reconcile("22222222-2222-2222-2222-222222222222", Known(App()), [], AppsRead, Run(2), Run(2).StartedAt);

        Assert.Empty(result.Changes);
        Assert.Empty(result.Findings);
    }

    [Fact]
    public void A_problem_that_comes_back_is_reopened_and_counted()
    {
        var resolved = Known(App()).Keep(Day(2, Known(App()), AppsRead));
        var result = Day(3, resolved, AppsRead, App());

        var change = Assert.Single(result.Changes);
        Assert.Equal(
            (ChangeKind.Reopened, FindingStatus.Open, 1, (DateTimeOffset?)null, Day1),
            (
                change.Kind,
                change.Finding.Finding.Status,
                change.Finding.Finding.Reopened,
                change.Finding.Finding.ResolvedAt,
                change.Finding.Finding.OpenedAt
            )
        );
        Assert.Equal(0, result.StillOpen);
        Assert.Equal(2, Day(5, Keep(resolved, 3, 4), AppsRead, App()).Changes[0].Finding.Finding.Reopened);

        static Dictionary<string, StoredFinding> Keep(Dictionary<string, StoredFinding> known, int seenOn, int goneOn)
        {
            var open = known.Keep(Day(seenOn, known, AppsRead, App()));
            return open.Keep(Day(goneOn, open, AppsRead));
        }
    }

    // A run that began at the very instant of a change has seen what came of it.
    [Fact]
    public void A_run_that_begins_when_a_finding_changed_may_change_it_and_one_that_began_before_may_not()
    {
        var known = Known(App());
        var changed = known.Values.Single().Finding.ChangedAt;
        Reconciliation At(DateTimeOffset start, params Detection[] detections) =>
            Reconciler.Reconcile(Tenant, known, detections, AppsRead, Run(2) with { StartedAt = start }, changed.AddHours(1));

        Assert.Equal(ChangeKind.Resolved, Assert.Single(At(changed).Changes).Kind);
        Assert.Empty(At(changed.AddTicks(-1)).Changes);
        var worse = App() with { Severity = Severity.Critical };
        Assert.Equal(ChangeKind.Updated, Assert.Single(At(changed, worse).Changes).Kind);
        Assert.Empty(At(changed.AddTicks(-1), worse).Changes);
    }

    [Fact]
    public void A_resolved_finding_stays_resolved_and_is_not_listed()
    {
        var resolved = Known(App()).Keep(Day(2, Known(App()), AppsRead));

        var result = Day(3, resolved, AppsRead);

        Assert.Empty(result.Changes);
        Assert.Empty(result.Findings);
    }

    [Fact]
    public void A_waiver_covers_a_finding_until_the_instant_it_expires()
    {
        var waived = App() with { Waiver = Waiver(untilDay: 4) };
        var kept = Known(App()).Keep(Day(2, Known(App()), AppsRead, waived));

        Assert.Equal(FindingStatus.Waived, kept.Values.Single().Finding.Status);
        Assert.Empty(Reconciler.Reconcile(Tenant, kept, [waived], AppsRead, Run(3), Day1.AddDays(3).AddTicks(-1)).Changes);
        Assert.Equal(ChangeKind.Unwaived, Assert.Single(Day(4, kept, AppsRead, waived).Changes).Kind);
        Assert.Equal(ChangeKind.Unwaived, Assert.Single(Day(3, kept, AppsRead, App()).Changes).Kind);
        Assert.Equal(ChangeKind.Resolved, Assert.Single(Day(3, kept, AppsRead).Changes).Kind);
        Assert.Equal((1, 0), (Day(3, kept, AppsRead, waived).Findings.Count, Day(3, kept, AppsRead, waived).StillOpen));
    }

    [Fact]
    public void A_run_that_started_before_the_last_change_neither_resolves_nor_overwrites()
    {
        var changedOnDay3 = Known(3, App());
        var resolvedOnDay4 = changedOnDay3.Keep(Day(4, changedOnDay3, AppsRead));

        Assert.Empty(Reconciler.Reconcile(Tenant, changedOnDay3, [], AppsRead, Run(2), Day1.AddDays(5)).Changes);
        Assert.Empty(
            Reconciler.Reconcile(Tenant, changedOnDay3, [App() with { Reason = "Older" }], AppsRead, Run(2), Day1.AddDays(5)).Changes
        );
        Assert.Empty(Reconciler.Reconcile(Tenant, resolvedOnDay4, [App()], AppsRead, Run(3), Day1.AddDays(5)).Changes);
    }

    [Fact]
    public void A_listed_resource_is_judged_by_its_source()
    {
        var secret = Secret();

        Assert.Empty(Day(2, Known(secret), Read(Refused(secret.Source)).Seeing(secret.ResourceId!)).Changes);
        Assert.Equal(
            ChangeKind.Resolved,
            Assert.Single(Day(2, Known(secret), Read(Complete(secret.Source)).Seeing(secret.ResourceId!)).Changes).Kind
        );
    }

    [Fact]
    public void A_resource_no_list_shows_resolves_only_once_the_service_says_it_is_gone()
    {
        var secret = Secret();

        Assert.Empty(Day(2, Known(secret), Read(Complete(secret.Source), Complete(Sources.Resources("s1")))).Changes);
        Assert.Equal(
            ChangeKind.Resolved,
            Assert.Single(Day(2, Known(secret), Read(Complete(Sources.Resources("s1"))).Gone(secret.ResourceId!)).Changes).Kind
        );
    }

    [Fact]
    public void Only_resources_that_may_be_gone_are_asked_for()
    {
        var (a, b, c, d) = (Vault("s1", "a"), Vault("s1", "bb"), Vault("s1", "ccc"), Vault("s2", "dddd"));
        var known = Known(a, b, c, d, App());
        var coverage = Read(Complete(Sources.Resources("s1")), Refused(Sources.Resources("s2"))).Seeing(b.ResourceId!);

        Assert.Equal([a.ResourceId!.ToLowerInvariant()], Reconciler.ResourcesToConfirm(Tenant, known, [c], coverage));
        Assert.Empty(Reconciler.ResourcesToConfirm(Tenant, known, [c], coverage.Gone(a.ResourceId!)));
        Assert.Empty(Reconciler.ResourcesToConfirm("22222222-2222-2222-2222-222222222222", known, [], coverage));

        static Detection Vault(string subscription, string name) =>
            Secret($"/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/{name}");
    }

    [Fact]
    public void Of_several_detections_of_one_problem_the_most_severe_counts()
    {
        Detection[] twice = [App(severity: Severity.Low), App(severity: Severity.Critical), App(severity: Severity.Medium)];

        Assert.Equal(Severity.Critical, Assert.Single(Day(1, Known(), AppsRead, twice).Findings).Detection.Severity);
    }

    [Fact]
    public void A_gap_is_resolved_by_the_complete_read_it_asked_for()
    {
        var gap = App("graph/applications", "") with
        {
            ControlId = "GAP-001",
            Unknown = true,
            Subject = new(SubjectTypes.Source, Sources.Applications, "App registrations"),
        };

        Assert.Empty(Day(2, Known(gap), Read(Refused(Sources.Applications)), gap).Changes);
        Assert.Equal(ChangeKind.Resolved, Assert.Single(Day(2, Known(gap), AppsRead).Changes).Kind);
    }

    [Fact]
    public void A_text_too_long_to_keep_is_cut_visibly_and_does_not_look_changed_the_next_day()
    {
        var endless = App() with { Reason = string.Concat(Enumerable.Repeat("𝒳", FindingText.LongestText)) };
        var kept = Known(endless);

        var reason = kept.Values.Single().Finding.Detection.Reason;
        Assert.EndsWith("𝒳…", reason, StringComparison.Ordinal);
        Assert.True(reason.Length <= FindingText.LongestText);
        Assert.Empty(Day(2, kept, AppsRead, endless).Changes);
    }

    [Fact]
    public void A_secret_in_a_reason_is_masked_before_it_is_kept()
    {
        var result = Day(
            1,
            Known(),
            AppsRead,
            App() with
            {
                Reason = "POST failed: client_secret=planted-value",
                NextStep = "Bearer planted0value1234567890",
            }
        );

        Assert.Equal(
            ("POST failed: client_secret=***", "Bearer ***"),
            (result.Findings[0].Detection.Reason, result.Findings[0].Detection.NextStep)
        );
    }

    [Fact]
    public void The_digest_does_not_depend_on_order_and_does_on_content()
    {
        var findings = Day(1, Known(), AppsRead, App("a"), App("b"), App("c")).Findings;

        Assert.Equal(FindingDigest.Compute(findings), FindingDigest.Compute(findings.Reverse()));
        Assert.NotEqual(FindingDigest.Compute(findings), FindingDigest.Compute(findings.Skip(1)));
        Assert.NotEqual(FindingDigest.Compute(findings), FindingDigest.Compute([findings[0] with { Reopened = 1 }, .. findings.Skip(1)]));
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", FindingDigest.Compute([]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Of_two_equally_severe_detections_the_one_whose_text_sorts_first_counts(bool reversed)
    {
        Detection[] both = [App() with { Reason = "A" }, App() with { Reason = "B" }];

        Assert.Equal("A", Assert.Single(Day(1, Known(), AppsRead, reversed ? [.. both.Reverse()] : both).Findings).Detection.Reason);
    }

    [Fact]
    public void A_finding_that_changed_without_being_resolved_has_not_come_back()
    {
        var changed = Assert.Single(Day(2, Known(App()), AppsRead, App() with { Reason = "Other" }).Changes);
        var waived = Assert.Single(Day(2, Known(App()), AppsRead, App() with { Waiver = Waiver(40) }).Changes);

        Assert.Equal((0, 0), (changed.Finding.Finding.Reopened, waived.Finding.Finding.Reopened));
    }

    [Fact]
    public void A_resource_outside_any_subscription_is_confirmed_unless_its_list_was_refused()
    {
        var known = Known(Secret("/providers/Microsoft.KeyVault/vaults/kv1"));

        Assert.Equal(["/providers/microsoft.keyvault/vaults/kv1"], Reconciler.ResourcesToConfirm(Tenant, known, [], Read()));
        Assert.Empty(Reconciler.ResourcesToConfirm(Tenant, known, [], Read(Refused(Sources.Resources("")))));
    }

    private static Reconciliation Day(int day, Dictionary<string, StoredFinding> known, Coverage coverage, params Detection[] detections) =>
        Reconciler.Reconcile(Tenant, known, detections, coverage, Run(day), Run(day).StartedAt);
}
