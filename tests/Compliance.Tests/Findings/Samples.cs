using Compliance.Controls;
using Compliance.Findings;

namespace Compliance.Tests.Findings;

internal static class Samples
{
    public const string Tenant = "11111111-1111-1111-1111-111111111111";

    public static readonly DateTimeOffset Day1 = new(2026, 3, 1, 6, 0, 0, TimeSpan.Zero);

    public static RunStamp Run(int day = 1) => new($"run-{day}", Day1.AddDays(day - 1));

    public static Detection App(string id = "app-1", string part = "key-1", Severity severity = Severity.High) =>
        new()
        {
            ControlId = "CRED-001",
            Severity = severity,
            Subject = new(SubjectTypes.Application, id, "Billing"),
            Part = part,
            Source = Sources.Applications,
            Reason = "In use since 2025-11-01",
            NextStep = "Add a new secret, then remove this one",
            Since = new(2025, 11, 1, 0, 0, 0, TimeSpan.Zero),
            Expires = new(2299, 12, 31, 0, 0, 0, TimeSpan.Zero),
            Owner = new("u1", "Ada", "ada@contoso.example", "owner"),
        };

    public static Detection Secret(string vault = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/KV1") =>
        App() with
        {
            Subject = new(SubjectTypes.VaultSecret, $"https://kv1.vault.azure.net/secrets/a{vault.Length}", "a"),
            Source = Sources.Vault(vault, "secrets"),
            ResourceId = vault,
        };

    public static Waiver Waiver(int untilDay) => new("W1", "Moves in May", "ciso@contoso.example", Day1.AddDays(untilDay - 1));

    public static SourceOutcome Complete(string source) => new(source, true, 1);

    public static SourceOutcome Refused(string source) => new(source, false, 0, Reason: "403");

    public static Coverage Read(params SourceOutcome[] outcomes) => new(outcomes, new HashSet<string>(), new HashSet<string>());

    public static Coverage Seeing(this Coverage coverage, params string[] resources) => coverage with { SeenResources = Lower(resources) };

    public static Coverage Gone(this Coverage coverage, params string[] resources) => coverage with { GoneResources = Lower(resources) };

    /// <summary>What is kept after the changes: as a store would have it, with a version.</summary>
    public static Dictionary<string, StoredFinding> Keep(this IReadOnlyDictionary<string, StoredFinding> known, Reconciliation result)
    {
        var kept = new Dictionary<string, StoredFinding>(known);
        foreach (var change in result.Changes)
            kept[change.Finding.Finding.Id] = change.Finding with { ETag = "v" };
        return kept;
    }

    public static Dictionary<string, StoredFinding> Known(params Detection[] detections) => Known(1, detections);

    public static Dictionary<string, StoredFinding> Known(int day, params Detection[] detections) =>
        new Dictionary<string, StoredFinding>().Keep(
            Reconciler.Reconcile(Tenant, new Dictionary<string, StoredFinding>(), detections, Read(), Run(day), Run(day).StartedAt)
        );

    private static HashSet<string> Lower(string[] resources) => [.. resources.Select(r => r.ToLowerInvariant())];
}
