using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Takes the person out of a vault's access policies.</summary>
internal sealed class RemoveVaultAccessPolicy : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "vaultAccessPolicy.remove";

    /// <summary>Changing a vault's access policies.</summary>
    public static readonly DeclaredCall Call = DeclaredCall.Arm(
        "PUT",
        "/subscriptions/{*id}/accessPolicies/{operation}",
        "Key Vault Contributor",
        "takes a leaver out of vaults' access policies, and puts the entry back when the leaving is undone"
    );

    private const string Version = "api-version=2026-02-01";

    // "all" is what an access policy calls every permission of a kind; a policy whose permissions were not given is taken out whole.
    private const string EveryPermission = """{"keys":["all"],"secrets":["all"],"certificates":["all"],"storage":["all"]}""";

    public string Action => Id;
    public string Title => "Take the person out of a vault's access policies";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.VaultAccessPolicy];
    public StepEffect Effect => StepEffect.TakesAway;

    public PlannedAccess Plan(Access access, RemovalContext context) =>
        PlannedAccess.Do(RemovalContext.Take(Id, access, "", Arguments(access, context.User)));

    /// <summary>What the entry is known by.</summary>
    public static IEnumerable<(string Name, string? Value)> Arguments(Access access, (string Name, string? Value) user) =>
        [
            user,
            (StepArguments.VaultId, access.Details.GetValueOrDefault("vaultId") ?? access.Scope),
            ("tenantId", access.Details.GetValueOrDefault("tenantId") ?? "00000000-0000-0000-0000-000000000000"),
            ("applicationId", access.Details.GetValueOrDefault("applicationId")),
            ("permissions", access.Details.GetValueOrDefault("permissions")),
        ];

    public StepRequest Request(PlanStep step, string graph) => RequestOf(step, "remove");

    /// <summary>The request that changes the entry.</summary>
    /// <param name="step">The step.</param>
    /// <param name="operation"><c>add</c> or <c>remove</c>.</param>
    public static StepRequest RequestOf(PlanStep step, string operation)
    {
        var vault = step.Needed(StepArguments.VaultId);
        var entry = StepValues.Given(
            ("tenantId", step.Needed("tenantId")),
            ("objectId", step.UserId()),
            ("applicationId", step.Optional("applicationId"))
        );
        entry["permissions"] = JsonNode.Parse(step.Optional("permissions") ?? EveryPermission);
        return new(
            Call,
            $"{StepValues.AzurePath(vault)}/accessPolicies/{operation}?{Version}",
            new JsonObject { ["properties"] = new JsonObject { ["accessPolicies"] = new JsonArray(entry) } },
            vault
        );
    }

    public PlannedAccess Undo(Access access, UndoContext context) =>
        UndoContext.Has(access, "permissions")
            ? PlannedAccess.Do(AddVaultAccessPolicy.Create(access, context))
            : UndoContext.NotEnough(access);

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Resources(access, after);
}
