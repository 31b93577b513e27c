using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Enables an account that could sign in before.</summary>
internal sealed class EnableAccount : ILeaverStep
{
    /// <summary>The action.</summary>
    public const string Id = "account.enable";

    public string Action => Id;
    public string Title => "Enable the account";
    public IReadOnlyList<DeclaredCall> Calls => [DisableAccount.Call];
    public StepEffect Effect => StepEffect.Gives;

    /// <summary>The step.</summary>
    public static PlanStep Create(UndoContext context) => Steps.Create(Id, context.Account, 0, UndoContext.Why, "", context.User);

    public StepRequest Request(PlanStep step, string graph) =>
        new(DisableAccount.Call, $"/users/{StepValues.Escaped(step.Target.Id)}", new JsonObject { ["accountEnabled"] = true });
}
