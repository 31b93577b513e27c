using Testing;

namespace Compliance.Tests;

/// <summary>The sentences that customers read, a file a capability.</summary>
internal static class Texts
{
    public static readonly GoldenTexts AuditPack = Beside("AuditPack");
    public static readonly GoldenTexts Changes = Beside("Changes");
    public static readonly GoldenTexts Cli = Beside("Cli");
    public static readonly GoldenTexts Credentials = Beside("Credentials");
    public static readonly GoldenTexts Findings = Beside("Findings");
    public static readonly GoldenTexts Ledger = Beside("Ledger");
    public static readonly GoldenTexts LedgerCheck = Beside("LedgerCheck");
    public static readonly GoldenTexts Minimization = Beside("Minimization");
    public static readonly GoldenTexts Notifications = Beside("Notifications");
    public static readonly GoldenTexts Offboarding = Beside("Offboarding");
    public static readonly GoldenTexts Policies = Beside("Policies");
    public static readonly GoldenTexts Runs = Beside("Runs");
    public static readonly GoldenTexts Storage = Beside("Storage");
    public static readonly GoldenTexts Tenants = Beside("Tenants");
    public static readonly GoldenTexts Text = Beside("Text");

    private static GoldenTexts Beside(string folder) => GoldenTexts.In(Path.Combine("Compliance.Tests", folder, "texts.md"));
}
