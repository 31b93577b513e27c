using System.Text.Json;
using Compliance.Changes.Approvals;
using Compliance.Changes.Pauses;
using Compliance.Offboarding;
using ComplianceCli;

namespace Compliance.Tests.Cli;

/// <summary>What <c>approvals show</c> prints of a question that has no steps.</summary>
public sealed class ApprovalCommandTests
{
    [Theory]
    [InlineData(PauseControls.Resume)]
    [InlineData(GuardNames.Erasure)]
    public async Task A_question_without_steps_is_shown_by_its_reasons_and_how_to_answer(string guard)
    {
        var asked = new ApprovalRequest
        {
            Id = "request-1",
            TenantId = "t",
            PlanId = "abc",
            CaseId = "leaver-1",
            SubjectId = "",
            Reasons = ["what is asked", "what an answer does"],
            Guards = [guard],
            PolicySha256 = "",
            AskedAt = DateTimeOffset.UnixEpoch,
            Deadline = DateTimeOffset.UnixEpoch,
            InstanceId = "",
        };
        await using var app = new OneAnswer(200, JsonSerializer.Serialize(new[] { asked }, JsonSerializerOptions.Web));
        using var output = new StringWriter { NewLine = "\n" };
        using var errors = new StringWriter { NewLine = "\n" };

        var code = await Commands.InvokeAsync(
            ["approvals", "show", "request-1", "--app", app.Address, "--client-id", SignedIn.ClientId],
            output,
            errors,
            TestContext.Current.CancellationToken,
            azure: SignedIn.Outside()
        );

        Assert.Equal((0, ""), (code, errors.ToString()));
        Assert.Equal(
            "what is asked\nwhat an answer does\nAnswer with: compliance approvals answer request-1 --plan abc\n",
            output.ToString()
        );
    }
}
