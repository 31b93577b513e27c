namespace SandboxTenant.Demo;

/// <summary>The size of a generated tenant, for measuring.</summary>
/// <param name="Applications">App registrations.</param>
/// <param name="CredentialsPerApplication">Client secrets of each.</param>
/// <param name="VaultObjects">Secrets, keys and certificates over all vaults.</param>
/// <param name="Vaults">Vaults; 0 only with no vault objects.</param>
/// <param name="FlaggedShare">The share of credentials and vault objects older than 90 days, 0 to 1.</param>
/// <param name="Leavers">Users with 200 memberships, 30 app roles and 40 Azure roles in 10 subscriptions each; their employee ids are
/// <c>L-0000</c> and on.</param>
internal sealed record GeneratorOptions(
    int Applications = 50_000,
    int CredentialsPerApplication = 2,
    int VaultObjects = 20_000,
    int Vaults = 20,
    double FlaggedShare = 0.02,
    int Leavers = 0
);
