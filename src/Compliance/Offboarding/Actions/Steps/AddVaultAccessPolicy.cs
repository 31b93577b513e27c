using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Puts the old entry back into a vault's access policies.</summary>
internal sealed class AddVaultAccessPolicy : IGiveBackStep
{
    /// <summary>The action.</summary>
    public const string Id = "vaultAccessPolicy.add";

    public string Action => Id;
    public string Title => "Put the person back into a vault's access policies";
    public IReadOnlyList<DeclaredCall> Calls => [RemoveVaultAccessPolicy.Call];
    public StepEffect Effect => StepEffect.Gives;

    /// <summary>The step.</summary>
    public static PlanStep Create(Access access, UndoContext context) =>
        UndoContext.GiveBack(Id, access, RemoveVaultAccessPolicy.Arguments(access, context.User));

    public StepRequest Request(PlanStep step, string graph) => RemoveVaultAccessPolicy.RequestOf(step, "add");
}
