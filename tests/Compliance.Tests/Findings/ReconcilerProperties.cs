using Compliance.Controls;
using Compliance.Findings;
using CsCheck;
using static Compliance.Tests.Findings.Samples;

namespace Compliance.Tests.Findings;

public sealed class ReconcilerProperties
{
    private static readonly string[] Vaults =
    [
        .. Enumerable
            .Range(1, 3)
            .Select(i => $"/subscriptions/s{i % 2}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/Kv{new string('x', i)}"),
    ];

    private static readonly Gen<Detection> Detections =
        from app in Gen.Bool
        from number in Gen.Int[1, 4]
        from severity in Gen.Int[0, 4]
        from reason in OneOf("one", "two")
        from unknown in Gen.Bool
        from waived in OneOf<int?>(null, 2, 9)
        select (app ? App($"app-{number}") : Secret(Vaults[number % 3])) with
        {
            Severity = (Severity)severity,
            Reason = reason,
            Unknown = unknown,
            Waiver = waived is { } day ? Waiver(day) : null,
        };

    private static readonly Gen<Coverage> Coverages =
        from apps in OneOf<bool?>(null, false, true)
        from vaults in OneOf<bool?>(null, false, true).Array[3]
        from seen in Gen.Bool.Array[3]
        from gone in Gen.Bool.Array[3]
        select new Coverage(
            [.. Outcome(Sources.Applications, apps), .. Vaults.SelectMany((v, i) => Outcome(Sources.Vault(v, "secrets"), vaults[i]))],
            Where(seen),
            Where(gone)
        );

    private static readonly Gen<(Detection[] Before, Detection[] Now, Coverage Coverage)> Cases = Gen.Select(
        Detections.Array[0, 8],
        Detections.Array[0, 8],
        Coverages
    );

    [Fact]
    public void Running_twice_changes_nothing_the_second_time() =>
        Cases.Sample(c =>
        {
            var known = Known(c.Before);
            var once = known.Keep(Reconciler.Reconcile(Tenant, known, c.Now, c.Coverage, Run(2), Run(2).StartedAt));
            Assert.Empty(Reconciler.Reconcile(Tenant, once, c.Now, c.Coverage, Run(2), Run(2).StartedAt).Changes);
        });

    [Fact]
    public void The_order_of_detections_decides_nothing() =>
        Cases
            .Select(Gen.Int)
            .Sample(
                (c, seed) =>
                {
                    var known = Known(c.Before);
                    var shuffled = c.Now.ToArray();
                    new Random(seed).Shuffle(shuffled);
                    var (a, b) = (
                        Reconciler.Reconcile(Tenant, known, c.Now, c.Coverage, Run(2), Run(2).StartedAt),
                        Reconciler.Reconcile(Tenant, known, shuffled, c.Coverage, Run(2), Run(2).StartedAt)
                    );
                    Assert.Equal(a.Changes, b.Changes);
                    Assert.Equal(a.Findings, b.Findings);
                }
            );

    [Fact]
    public void Nothing_resolves_without_a_complete_read_or_the_services_own_word_that_it_is_gone() =>
        Cases.Sample(c =>
        {
            var result = Reconciler.Reconcile(Tenant, Known(c.Before), c.Now, c.Coverage, Run(2), Run(2).StartedAt);
            Assert.All(
                result.Changes.Where(x => x.Kind == ChangeKind.Resolved),
                x =>
                {
                    var d = x.Finding.Finding.Detection;
                    var resource = d.ResourceId?.ToLowerInvariant();
                    var read =
                        c.Coverage.Outcomes.Any(o => o.Complete && o.Source == d.Source)
                        && (resource is null || c.Coverage.SeenResources.Contains(resource));
                    Assert.True(read || (resource is not null && c.Coverage.GoneResources.Contains(resource)));
                    Assert.DoesNotContain(c.Now, n => Finding.IdOf(Tenant, n.ControlId, n.Subject, n.Part) == x.Finding.Finding.Id);
                }
            );
        });

    [Fact]
    public void Every_detection_is_an_open_or_waived_finding_afterwards_and_nothing_is_lost() =>
        Cases.Sample(c =>
        {
            var known = Known(c.Before);
            var result = Reconciler.Reconcile(Tenant, known, c.Now, c.Coverage, Run(2), Run(2).StartedAt);
            var live = result.Findings.Where(f => f.Status != FindingStatus.Resolved).Select(f => f.Id).ToHashSet();
            Assert.Superset(c.Now.Select(n => Finding.IdOf(Tenant, n.ControlId, n.Subject, n.Part)).ToHashSet(), live);
            Assert.Equal(known.Keys.Union(live).Order(), result.Findings.Select(f => f.Id).Order());
            Assert.Equal(
                result.StillOpen,
                result.Findings.Count(f =>
                    f.Status == FindingStatus.Open && known.TryGetValue(f.Id, out var k) && k.Finding.Status == FindingStatus.Open
                )
            );
        });

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static SourceOutcome[] Outcome(string source, bool? complete) =>
        complete switch
        {
            null => [],
            true => [Complete(source)],
            false => [Refused(source)],
        };

    private static HashSet<string> Where(bool[] which) => [.. Vaults.Where((_, i) => which[i]).Select(v => v.ToLowerInvariant())];
}
