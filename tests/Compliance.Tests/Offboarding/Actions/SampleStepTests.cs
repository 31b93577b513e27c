using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Offboarding;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Directory;
using Compliance.Offboarding.Planning;
using Compliance.Tenants;
using Compliance.Tests.Offboarding.Execution;

namespace Compliance.Tests.Offboarding.Actions;

/// <summary>
/// The walk of <c>docs/extend/step.md</c>: a step that the app does not have is one class and one line of the registry, and goes through
/// plan, request, answer, certificate and undo.
/// </summary>
public sealed class SampleStepTests
{
    private const string SftpUser =
        "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/models/localUsers/dana";

    private static readonly StepRegistry Registry = new([.. StepRegistry.Default.All, new RemoveLocalUser(), new AddLocalUser()]);

    private static readonly Access LocalUser = Some.Access(AccessKind.SharedSecret, SftpUser, "/subscriptions/s1", ("home", "models"));

    [Fact]
    public void It_is_planned_after_the_steps_of_the_app()
    {
        var plan = Plan(LocalUser, Some.AzureRole("s1", "a"));

        Assert.Equal([RemoveAzureRole.Id, RemoveLocalUser.Id], plan.Steps.Select(s => s.Action));
        Assert.Equal(
            (SftpUser, LocalUser.Key, "offboarding.yaml#"),
            (plan.Steps[1].Target.Id, plan.Steps[1].Arguments[StepArguments.Access], plan.Steps[1].Rule)
        );
        Assert.Empty(plan.Manual);
    }

    [Fact]
    public async Task The_executor_sends_its_request()
    {
        await using var tenant = await WritableTenant.StartAsync(Registry);

        var outcome = Assert.Single(await tenant.RunAsync(Plan(LocalUser)));

        var write = Assert.Single(tenant.Writes);
        Assert.Equal(StepResult.Done, outcome.Result);
        Assert.Equal(("DELETE", SftpUser), (write.Method, write.Path.Split('?')[0]));
        Assert.Contains(Registry.Calls, c => c.Method == write.Method && Calls.Matches(c.Path, write.Path));
    }

    [Fact]
    public async Task Its_own_answer_is_read_by_its_class_and_a_missing_permission_is_named()
    {
        await using var tenant = await WritableTenant.StartAsync(Registry);
        var plan = Plan(LocalUser);

        tenant.Faults = _ => new Fault(409, "AccountIsLocked", "the account is busy");
        var busy = Assert.Single(await tenant.RunAsync(plan));
        tenant.Faults = _ => new Fault(403, "AuthorizationFailed", "no");
        var refused = Assert.Single(await tenant.RunAsync(plan));

        Assert.Equal((StepResult.Refused, "the account is locked"), (busy.Result, busy.Reason));
        Assert.Equal((StepResult.NotPermitted, "Storage Account Contributor"), (refused.Result, refused.Permission));
        Assert.Contains("--scope '/subscriptions/s1'", refused.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_calls_it_removed_when_its_source_was_read()
    {
        var before = Some.Snapshot(LocalUser);
        var after = Some.Snapshot() with { Sources = Some.Sources("s1") };
        var plan = Plan(LocalUser);
        var unread = after with { Sources = [.. after.Sources.Where(s => s.Source != LeaverSources.Resources)] };

        Assert.Equal([AccessState.Removed], States(after));
        Assert.Equal([AccessState.Unknown], States(unread));

        IEnumerable<AccessState> States(AccessSnapshot now) =>
            Verification.Compare([plan], [], before, now, registry: Registry).Accesses.Select(a => a.State);
    }

    [Fact]
    public void An_undo_gives_it_back_or_leaves_it_to_a_person_by_its_class()
    {
        var bare = Some.Access(AccessKind.SharedSecret, SftpUser + "2", "/subscriptions/s1");

        var undo = Undo(LocalUser, bare);

        var step = Assert.Single(undo.Steps);
        Assert.Equal((AddLocalUser.Id, SftpUser), (step.Action, step.Target.Id));
        Assert.Equal("""{"properties":{"homeDirectory":"models"}}""", Registry.Request(step).Body!.ToJsonString());
        Assert.Equal(bare.Id, Assert.Single(undo.Manual).Target.Id);
        Assert.True(UndoPlanner.IsSeen(step, Some.Snapshot(LocalUser), Some.Facts, Some.Policy, Registry));
        Assert.False(UndoPlanner.IsSeen(step, Some.Snapshot(bare), Some.Facts, Some.Policy, Registry));
    }

    [Fact]
    public void Two_steps_for_one_kind_of_access_are_refused() =>
        Assert.Throws<ArgumentException>(() => new StepRegistry(new RemoveLocalUser(), new OtherAction()));

    [Fact]
    public void Two_steps_of_one_action_are_refused() =>
        Assert.Throws<ArgumentException>(() => new StepRegistry(new AddLocalUser(), new AddLocalUser()));

    private static ActionPlan Plan(params IReadOnlyList<Access> accesses) =>
        RemovalPlanner.Plan(Some.CaseId, Some.Facts, Some.Snapshot(accesses), Some.NewOwner, Some.Policy, Registry);

    private static ActionPlan Undo(params IReadOnlyList<Access> accesses)
    {
        var plan = Plan(accesses);
        var outcomes = plan.Steps.Select(s => new StepOutcome(s.Id, StepResult.Done, Some.Time)).ToList();
        return UndoPlanner.Plan(
            Some.CaseId,
            Some.Facts,
            Some.Snapshot(accesses),
            new CarriedOut([plan], outcomes, []),
            Some.Policy,
            Registry
        );
    }

    /// <summary>Deletes a local user (SFTP) of a storage account.</summary>
    private sealed class RemoveLocalUser : IRemovalStep
    {
        public const string Id = "localUser.remove";

        public const string Version = "api-version=2025-01-01";

        private static readonly DeclaredCall Call = DeclaredCall.Arm(
            "DELETE",
            "/subscriptions/{*id}/localUsers/{id}",
            "Storage Account Contributor",
            "deletes a leaver's local users of storage accounts"
        );

        public string Action => Id;
        public string Title => "Delete a local user of a storage account";
        public IReadOnlyList<DeclaredCall> Calls => [Call];
        public IReadOnlyList<AccessKind> Kinds => [AccessKind.SharedSecret];
        public StepEffect Effect => StepEffect.TakesAway;

        public PlannedAccess Plan(Access access, RemovalContext context) =>
            PlannedAccess.Do(RemovalContext.Take(Id, access, "", context.User, ("scope", access.Scope)));

        public StepRequest Request(PlanStep step, string graph) =>
            new(Call, $"{StepValues.AzurePath(step.Target.Id)}?{Version}", Scope: step.Needed("scope"));

        public StepAnswer? Read(StepReply reply) =>
            reply is { Status: 409, Code: "AccountIsLocked" } ? new(StepResult.Refused, "the account is locked") : null;

        public PlannedAccess Undo(Access access, UndoContext context) =>
            UndoContext.Has(access, "home") ? PlannedAccess.Do(AddLocalUser.Create(access, context)) : UndoContext.NotEnough(access);

        public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Resources(access, after);
    }

    /// <summary>Makes it again.</summary>
    private sealed class AddLocalUser : IGiveBackStep
    {
        public const string Id = "localUser.add";

        private static readonly DeclaredCall Call = DeclaredCall.Arm(
            "PUT",
            "/subscriptions/{*id}/localUsers/{id}",
            "Storage Account Contributor",
            "makes local users again when a leaving is undone"
        );

        public string Action => Id;
        public string Title => "Make a local user of a storage account again";
        public IReadOnlyList<DeclaredCall> Calls => [Call];
        public StepEffect Effect => StepEffect.Gives;

        public static PlanStep Create(Access access, UndoContext context) =>
            UndoContext.GiveBack(Id, access, [context.User, ("scope", access.Scope), .. UndoContext.Details(access, "home")]);

        public StepRequest Request(PlanStep step, string graph) =>
            new(
                Call,
                $"{StepValues.AzurePath(step.Target.Id)}?{RemoveLocalUser.Version}",
                new JsonObject { ["properties"] = StepValues.Given(("homeDirectory", step.Needed("home"))) },
                step.Needed("scope")
            );
    }

    /// <summary>Another step for the same kind of access.</summary>
    private sealed class OtherAction : IRemovalStep
    {
        public string Action => "localUser.disable";
        public string Title => "Disable a local user";
        public IReadOnlyList<DeclaredCall> Calls => [];
        public IReadOnlyList<AccessKind> Kinds => [AccessKind.SharedSecret];
        public StepEffect Effect => StepEffect.Changes;

        public PlannedAccess Plan(Access access, RemovalContext context) => PlannedAccess.Nothing;

        public StepRequest Request(PlanStep step, string graph) => throw new NotSupportedException();

        public IEnumerable<string> Sources(Access access, AccessSnapshot after) => [];
    }
}
