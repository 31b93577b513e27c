using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Offboarding.Directory;

namespace Compliance.Tests.Offboarding.Directory;

public sealed class LeaverSecretsTests
{
    private const string Vault = "/subscriptions/s/resourcegroups/rg/providers/microsoft.keyvault/vaults/kv";
    private const string Account = "/subscriptions/s/resourcegroups/rg/providers/microsoft.storage/storageaccounts/st";

    private static readonly DateTimeOffset Blocked = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, string?> Accesses =>
        new()
        {
            { nameof(AccessKind.OwnedApplication), "application app owner" },
            { "OwnedApplication credentials=0", null },
            { "OwnedApplication credentials=2", "application app owner" },
            { nameof(AccessKind.OwnedGroup), null },
            { $"AzureRole vaults={Vault}", $"vault {Vault} A role" },
            { $"EligibleAzureRole vaults={Vault}", $"vault {Vault} A role" },
            { nameof(AccessKind.AzureRole), null },
            { """VaultAccessPolicy permissions={"secrets":["Get"]}""", $"vault {Vault} access policy" },
            { """VaultAccessPolicy permissions={"secrets":["all"]}""", $"vault {Vault} access policy" },
            { """VaultAccessPolicy permissions={"secrets":["list"],"keys":["get"]}""", null },
            { nameof(AccessKind.SharedSecret), "storageAccount app shared keys" },
        };

    [Theory]
    [MemberData(nameof(Accesses))]
    public void What_could_be_read_is_known(string access, string? known) =>
        Assert.Equal(
            known is null ? [] : [known],
            LeaverSecrets.KnownBy(Snapshot(Given(access))).Select(k => $"{k.Subject.Type} {k.Subject.Id} {string.Join(',', k.Via)}")
        );

    [Fact]
    public void A_role_at_one_secret_makes_that_secret_known_and_not_the_vault()
    {
        var known = Assert.Single(
            LeaverSecrets.KnownBy(
                Snapshot(
                    Given($"AzureRole vaults={Vault}") with
                    {
                        Scope = $"{Vault.Replace("vaults/kv", "vaults/KV", StringComparison.Ordinal)}/secrets/db",
                    }
                )
            )
        );

        Assert.Equal((new Subject(SubjectTypes.VaultSecret, $"{Vault}/secrets/db", "db"), Vault), (known.Subject, known.ResourceId));
    }

    [Fact]
    public void The_same_vault_known_in_two_ways_is_one_finding_that_names_both_and_says_what_to_do()
    {
        var policy = new OffboardingPolicy
        {
            Sha256 = "00",
            Contact = "security@x.example",
            Severities = new Dictionary<string, Severity> { ["LEAVE-020"] = Severity.Critical },
        };

        var detection = Assert.Single(
            LeaverSecrets.Detections(
                Snapshot(Given($"AzureRole vaults={Vault}"), Given("""VaultAccessPolicy permissions={"secrets":["get"]}""")),
                "leaver-1",
                Blocked,
                policy
            )
        );

        Assert.Equal(
            new Detection
            {
                ControlId = "LEAVE-020",
                Severity = Severity.Critical,
                Subject = new(SubjectTypes.Vault, Vault, "kv"),
                Part = "leaver-1",
                Source = "leaver/leaver-1/secrets",
                ResourceId = Vault,
                Reason = detection.Reason,
                NextStep = detection.NextStep,
                Owner = new(null, "security@x.example", "security@x.example", "policy"),
            },
            detection
        );
        Texts.Offboarding.Expect("a vault that a leaver could read in two ways", [detection.Reason, detection.NextStep]);
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, false)]
    [InlineData(1, true)]
    [InlineData(null, false)]
    public void Rotated_means_that_nothing_in_it_was_made_before_the_leaver_was_blocked(int? minutes, bool rotated)
    {
        var started = minutes is { } m ? Blocked.AddMinutes(m) : (DateTimeOffset?)null;
        var inventory = new[]
        {
            Secret(Vault.ToUpperInvariant(), Blocked.AddDays(1)),
            Secret(Vault, started),
            Secret("/another/vault", Blocked.AddYears(-1)),
        };

        Assert.Equal(
            rotated,
            LeaverSecrets.IsRotated(LeaverSecrets.KnownBy(Snapshot(Given($"AzureRole vaults={Vault}")))[0], inventory, Blocked)
        );
    }

    [Fact]
    public void An_app_is_rotated_by_its_own_credentials_and_an_account_by_its_own_keys()
    {
        var known = LeaverSecrets.KnownBy(Snapshot(Given("OwnedApplication"), Given("SharedSecret") with { Id = Account }));
        Credential Of(string type, string id, int days) =>
            new()
            {
                Kind = CredentialKind.ClientSecret,
                Subject = new(type, id, id),
                Source = "x",
                Started = Blocked.AddDays(days),
            };

        Assert.All(
            known,
            k =>
                Assert.False(
                    LeaverSecrets.IsRotated(
                        k,
                        [Of(SubjectTypes.Application, "app", -1), Of(SubjectTypes.StorageAccount, Account, -1)],
                        Blocked
                    )
                )
        );
        Assert.All(
            known,
            k =>
                Assert.True(
                    LeaverSecrets.IsRotated(
                        k,
                        [
                            Of(SubjectTypes.Application, "app", 1),
                            Of(SubjectTypes.StorageAccount, Account, 1),
                            Of(SubjectTypes.Application, "other", -1),
                        ],
                        Blocked
                    )
                )
        );
    }

    private static Credential Secret(string vault, DateTimeOffset? started) =>
        new()
        {
            Kind = CredentialKind.VaultSecret,
            Subject = new(SubjectTypes.VaultSecret, "https://kv/secrets/db", "db"),
            Source = "x",
            ResourceId = vault,
            Started = started,
        };

    // "Kind" or "Kind detail=value"
    private static Access Given(string text)
    {
        var parts = text.Split(' ', 2);
        var kind = Enum.Parse<AccessKind>(parts[0]);
        return new()
        {
            Kind = kind,
            Id = "app",
            Name = kind == AccessKind.VaultAccessPolicy ? "kv" : "A role",
            Scope = Vault,
            Details =
                parts.Length == 1
                    ? new Dictionary<string, string>()
                    : new Dictionary<string, string> { [parts[1].Split('=', 2)[0]] = parts[1].Split('=', 2)[1] },
        };
    }

    private static AccessSnapshot Snapshot(params Access[] accesses) => new("t", "u", Blocked, accesses, []);
}
