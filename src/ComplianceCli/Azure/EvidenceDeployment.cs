using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace ComplianceCli.Azure;

/// <summary>
/// Deploys infra/evidence.bicep by itself, so that <c>azd down</c> does not reach it, and keeps its outputs in azd's environment.
/// </summary>
/// <param name="calls">Asks Resource Manager.</param>
/// <param name="environment">azd's values.</param>
/// <param name="outside">Runs the Azure CLI, which compiles the template.</param>
internal sealed partial class EvidenceDeployment(AzureCalls calls, AzdEnvironment environment, AzureOutside outside)
{
    /// <summary>The outputs of the template.</summary>
    public static readonly IReadOnlyList<string> Outputs =
    [
        "EVIDENCE_RESOURCE_GROUP",
        "EVIDENCE_ACCOUNT_NAME",
        "EVIDENCE_VAULT_NAME",
        "EVIDENCE_KEY_NAME",
        "EVIDENCE_SIGNING_KEY",
    ];

    /// <summary>The value in azd's environment from which the template learns what was deployed.</summary>
    public const string DeployedVariable = "EVIDENCE_DEPLOYED";

    private bool? _recovers;

    private string Template => Path.Combine(outside.Folder, "infra", "evidence.bicep");

    private string Group => $"rg-{environment.Name}-evidence";

    /// <summary>The steps, in their order.</summary>
    public IReadOnlyList<AzureStep> Steps() =>
        [
            new(
                "Recover the deleted key vault of this environment: purge protection keeps its name, and its key signed the ledger",
                "none is needed: a vault that is not wanted stays deleted",
                async cancellationToken => !await RecoversAsync(cancellationToken),
                // The deployment does it, by its parameter.
                _ => Task.CompletedTask
            )
            {
                IsShownWhenDone = false,
            },
            new(
                $"Deploy the evidence (ledger, signing key) into group {Group}, outside azd's deployment",
                $"delete lock evidence-is-kept, then az group delete --name {Group}; a locked ledger stays until its time is over",
                IsDoneAsync,
                DeployAsync
            ),
        ];

    private async Task<bool> IsDoneAsync(CancellationToken cancellationToken)
    {
        if (environment.Find(DeployedVariable) != Fingerprint() || Outputs.Any(o => environment.Find(o) is null))
            return false;
        var account = environment.NeedResource("EVIDENCE_ACCOUNT_NAME", "azd env set EVIDENCE_ACCOUNT_NAME NAME");
        var vault = environment.NeedResource("EVIDENCE_VAULT_NAME", "azd env set EVIDENCE_VAULT_NAME NAME");
        return await IsThereAsync($"Microsoft.Storage/storageAccounts/{account}?api-version=2025-06-01", cancellationToken)
            && await IsThereAsync($"Microsoft.KeyVault/vaults/{vault}?api-version=2026-02-01", cancellationToken);
    }

    private async Task<bool> IsThereAsync(string resource, CancellationToken cancellationToken)
    {
        var path = $"/subscriptions/{environment.SubscriptionId}/resourceGroups/{Group}/providers/{resource}";
        var answer = await calls.SendAsync(
            new(AzureRequest.ResourceManager, "GET", path, "reading the evidence") { MayBeMissing = true },
            cancellationToken
        );
        return answer.IsSuccess;
    }

    private async Task<bool> RecoversAsync(CancellationToken cancellationToken)
    {
        if (_recovers is { } known)
            return known;
        var path = $"/subscriptions/{environment.SubscriptionId}/providers/Microsoft.KeyVault/deletedVaults?api-version=2026-02-01";
        var deleted = await calls.ListAsync(
            new(AzureRequest.ResourceManager, "GET", path, "reading deleted key vaults") { Needs = "Reader at the subscription" },
            cancellationToken
        );
        // {"name":"kv-…","properties":{"location":"westeurope","tags":{"compliance-evidence-of":"demo"},"scheduledPurgeDate":"…"}}
        _recovers = deleted.Any(v =>
            v.TryGetProperty("properties", out var properties)
            && properties.TryGetProperty("location", out var location)
            && location.GetString() == environment.Location
            && properties.TryGetProperty("tags", out var tags)
            && tags.ValueKind == JsonValueKind.Object
            && tags.TryGetProperty("compliance-evidence-of", out var of)
            && of.GetString() == environment.Name
        );
        return _recovers.Value;
    }

    private async Task DeployAsync(CancellationToken cancellationToken)
    {
        var fingerprint = Fingerprint();
        var create = await RecoversAsync(cancellationToken) ? "recover" : "default";
        string[] arguments =
        [
            "deployment",
            "sub",
            "create",
            "--subscription",
            environment.SubscriptionId,
            "--name",
            $"compliance-evidence-{environment.Name}",
            "--location",
            environment.Location,
            "--template-file",
            Template,
            "--output",
            "json",
            "--parameters",
            .. Parameters(),
            $"vaultCreateMode={create}",
        ];
        var deployed = await outside.Tool("az", arguments, cancellationToken);
        if (deployed.Code != 0)
            throw new CliException($"the evidence was not deployed: {deployed.Reason}");
        var outputs = Read(deployed.Output);
        foreach (var name in Outputs)
            await environment.SetAsync(
                name,
                outputs.GetValueOrDefault(name) ?? throw new CliException($"the deployment of the evidence gave no {name}"),
                cancellationToken
            );
        await environment.SetAsync(DeployedVariable, fingerprint, cancellationToken);
    }

    private IEnumerable<string> Parameters()
    {
        yield return $"environmentName={environment.Name}";
        yield return $"location={environment.Location}";
        foreach (
            var (parameter, variable, pattern) in new[]
            {
                ("ledgerDays", "EVIDENCE_LEDGER_DAYS", Numbers()),
                ("ledgerLocked", LedgerLock.Variable, Flags()),
                ("sku", "EVIDENCE_SKU", Skus()),
                ("enableVnet", "COMPLIANCE_ENABLE_VNET", Flags()),
                ("vaultAllowedIpRanges", "EVIDENCE_VAULT_ALLOWED_IP_RANGES", Ranges()),
                ("auditLogDays", "EVIDENCE_AUDIT_LOG_DAYS", Numbers()),
            }
        )
            if (environment.Find(variable) is not null)
                yield return $"{parameter}={environment.Need(variable, pattern, $"azd env set {variable} VALUE")}";
    }

    // What was deployed: the template with its modules, and its parameters. When a vault was recovered does not count.
    private string Fingerprint()
    {
        if (!File.Exists(Template))
            throw new CliException($"{Template} is not there: run this in the project's folder, as azd does");
        var folder = Path.GetDirectoryName(Template)!;
        var files = Directory
            .EnumerateFiles(Path.Combine(folder, "modules"), "*.bicep")
            .Append(Template)
            .Append(Path.Combine(folder, "abbreviations.json"))
            .Order(StringComparer.Ordinal);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
            hash.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
        hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', Parameters())));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // Resource Manager changes the case of an output's name: azurE_TENANT_ID.
    private static Dictionary<string, string> Read(string json)
    {
        try
        {
            using var answer = JsonDocument.Parse(json);
            var outputs = answer.RootElement.GetProperty("properties").GetProperty("outputs");
            return outputs
                .EnumerateObject()
                .ToDictionary(o => o.Name, o => o.Value.GetProperty("value").GetString() ?? "", StringComparer.OrdinalIgnoreCase);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new CliException("the Azure CLI did not print the deployment of the evidence in JSON", e);
        }
    }

    [GeneratedRegex("^[0-9]{1,6}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Numbers();

    // A JSON list of IPv4 addresses or ranges.
    [GeneratedRegex("^\\[(\"[0-9./]{7,18}\"(, ?\"[0-9./]{7,18}\")*)?\\]\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Ranges();

    [GeneratedRegex("^(true|false)\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Flags();

    [GeneratedRegex("^Standard_(LRS|ZRS|GRS|GZRS)\\z", RegexOptions.CultureInvariant)]
    private static partial Regex Skus();
}
