using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Execution;

namespace Compliance.Tests.Offboarding.Execution;

public sealed class StepStatusTests
{
    private const string NotThere = "it was not there any more";
    private const string ThereAlready = "it was there already";
    private const string UserDeleted = "the user was deleted";

    // Status, code and message of the service.
    private const string AsAnswered = "as answered";

    [Theory]
    [InlineData(RemoveGroupMember.Id, 204, null, null, StepResult.Done, null)]
    [InlineData(RevokeSessions.Id, 204, null, null, StepResult.Done, null)]
    [InlineData(RemoveEligibleDirectoryRole.Id, 201, null, null, StepResult.Done, null)]
    [InlineData(RemoveAzureRole.Id, 200, null, null, StepResult.Done, null)]
    [InlineData(RemoveAzureRole.Id, 204, null, null, StepResult.AlreadySo, NotThere)]
    [InlineData(RemoveGroupMember.Id, 404, "Request_ResourceNotFound", "Resource 'x' does not exist", StepResult.AlreadySo, NotThere)]
    [InlineData(DisableAccount.Id, 404, "Request_ResourceNotFound", "Resource 'x' does not exist", StepResult.AlreadySo, UserDeleted)]
    [InlineData(RevokeSessions.Id, 404, "Request_ResourceNotFound", "Resource 'x' does not exist", StepResult.AlreadySo, UserDeleted)]
    [InlineData(AddOwner.Id, 404, "Request_ResourceNotFound", "Resource 'x' does not exist", StepResult.Failed, AsAnswered)]
    [InlineData(
        AddOwner.Id,
        400,
        "Request_BadRequest",
        "One or more added object references already exist",
        StepResult.AlreadySo,
        ThereAlready
    )]
    [InlineData(AddGroupMember.Id, 400, "Request_BadRequest", "Insufficient data", StepResult.Refused, AsAnswered)]
    [InlineData(AddAzureRole.Id, 409, "RoleAssignmentExists", "The role assignment already exists.", StepResult.AlreadySo, ThereAlready)]
    [InlineData(
        AddDelegatedGrant.Id,
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        "Permission entry exists",
        StepResult.AlreadySo,
        ThereAlready
    )]
    [InlineData(
        RemoveEligibleDirectoryRole.Id,
        400,
        "RoleAssignmentDoesNotExist",
        "The Role assignment does not exist.",
        StepResult.AlreadySo,
        NotThere
    )]
    [InlineData(RemoveEligibleAzureRole.Id, 400, "RoleAssignmentRequestExists", "A request exists.", StepResult.Failed, AsAnswered)]
    [InlineData(
        RemoveDirectoryRole.Id,
        400,
        "RoleAssignmentDoesNotExist",
        "The Role assignment does not exist.",
        StepResult.AlreadySo,
        NotThere
    )]
    [InlineData(RemoveDirectoryRole.Id, 400, "RoleAssignmentRequestExists", "A request exists.", StepResult.Failed, AsAnswered)]
    [InlineData(RemoveLicence.Id, 400, "Request_BadRequest", "User does not have a corresponding license.", StepResult.AlreadySo, NotThere)]
    [InlineData(
        RemoveLicence.Id,
        400,
        "Request_BadRequest",
        "User license is inherited from a group membership.",
        StepResult.Refused,
        AsAnswered
    )]
    [InlineData(
        RemoveGroupMember.Id,
        400,
        "Request_BadRequest",
        "Cannot update a dynamic membership group.",
        StepResult.Refused,
        AsAnswered
    )]
    [InlineData(RemoveSignInMethod.Id, 400, "BadRequest", "It is the user's default method.", StepResult.Failed, AsAnswered)]
    [InlineData(DisableAccount.Id, 400, "Request_BadRequest", "Property accountEnable does not exist", StepResult.Refused, AsAnswered)]
    [InlineData(RemoveAppRole.Id, 403, "Authorization_RequestDenied", "Insufficient privileges", StepResult.NotPermitted, AsAnswered)]
    [InlineData(RemoveAzureRole.Id, 409, "ScopeLocked", "locked: '/subscriptions/s'", StepResult.Refused, AsAnswered)]
    [InlineData(RemoveAzureRole.Id, 409, "Conflict", "Another operation is in progress", StepResult.Failed, AsAnswered)]
    [InlineData(RemoveAppRole.Id, 401, "InvalidAuthenticationToken", "expired", StepResult.Failed, AsAnswered)]
    [InlineData(RemoveAppRole.Id, 429, "TooManyRequests", "slow down", StepResult.Failed, AsAnswered)]
    [InlineData(RemoveAppRole.Id, 503, null, null, StepResult.Failed, "503, no reason was given")]
    [InlineData(RemoveAppRole.Id, 0, null, "the connection broke", StepResult.Failed, "the connection broke")]
    public void An_answer_means_one_thing(string action, int status, string? code, string? message, StepResult result, string? reason) =>
        Assert.Equal(
            new StepAnswer(result, reason == AsAnswered ? $"{status}, {code}: {message}" : reason),
            StepStatus.From(StepRegistry.Default.Find(action)!, new(status, code, message))
        );

    [Theory]
    [InlineData(true, StepResult.Done)]
    [InlineData(false, StepResult.Failed)]
    [InlineData(null, StepResult.Failed)]
    public void Sessions_are_revoked_when_the_answer_says_so(bool? value, StepResult result) =>
        Assert.Equal(result, StepStatus.From(new RevokeSessions(), new(200, null, null, value)).Result);

    [Fact]
    public async Task A_burst_beyond_the_bucket_waits_its_turn_and_a_pause_holds_everybody()
    {
        var time = new Compliance.Tests.Tenants.NoWaiting();
        using var quota = new WriteQuota(time);
        var cancellationToken = TestContext.Current.CancellationToken;
        for (var i = 0; i < WriteQuota.Burst + 30; i++)
            (await quota.EnterAsync(cancellationToken)).Dispose();
        Assert.InRange(time.Waits.Max(), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));

        quota.Pause(TimeSpan.FromMinutes(2));
        (await quota.EnterAsync(cancellationToken)).Dispose();

        Assert.InRange(time.Waits.Last(), TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(120));
    }
}
