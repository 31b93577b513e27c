using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Compliance.Changes.Approvals;
using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Desk;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>The commands about what waits for two people.</summary>
internal static class ApprovalCommands
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create(AppCommands commands) =>
        new("approvals", "What waits for two people") { List(commands), Show(commands), Answer(commands), Token(commands) };

    private static Command List(AppCommands commands) => commands.Make("list", "Open requests", async (parsed, _, client, token) =>
        {
            var open = await client.ApprovalsAsync(token);
            if (commands.IsJson(parsed))
                return commands.Print(open);
            foreach (var one in open)
                await commands.Output.WriteLineAsync(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{one.Id}  plan {one.PlanId}  until {one.Deadline.UtcDateTime:yyyy-MM-dd HH:mm}Z  answers "
                            + $"{one.Answers.Count}\n  {string.Join("\n  ", one.Reasons)}"
                    )
                );
            return 0;
        });

    private static Command Show(AppCommands commands)
    {
        var request = AppCommands.Named("REQUEST", "Id of a request for approval");
        return commands.Make(
            "show",
            "What an open request asks, and every step of its plan",
            async (parsed, _, client, token) =>
            {
                var id = parsed.GetValue(request)!;
                var one = (await client.ApprovalsAsync(token)).FirstOrDefault(r => r.Id == id)
                    ?? throw new CliException($"there is no open request {id}: compliance approvals list");
                // Neither has steps: the reasons are all there is to read.
                if (PauseSwitch.Asks(one) || ErasureQuestions.Asks(one))
                    return await ShowReasonsAsync(commands, commands.IsJson(parsed), one);
                var document = await client.DocumentAsync(one.CaseId, $"plan-{one.PlanId}.json", token);
                var read = JsonSerializer.Deserialize<ActionPlan>(document, ComplianceJson.Compact)!;
                // What is approved is what is read here, and nothing else.
                if (read.Id() != one.PlanId)
                    throw new CliException($"the plan that the app gave is not plan {one.PlanId}: do not approve it");
                if (commands.IsJson(parsed))
                    return commands.Print(read);
                foreach (var reason in one.Reasons)
                    await commands.Output.WriteLineAsync(reason);
                OffboardOutput.Steps(commands.Output, [read]);
                await commands.Output.WriteLineAsync($"Answer with: compliance approvals answer {one.Id} --plan {one.PlanId}");
                return 0;
            },
            request
        );
    }

    private static Command Answer(AppCommands commands)
    {
        var request = AppCommands.Named("REQUEST", "Id of a request for approval");
        var plan = new Option<string>("--plan")
        {
            Description = "Id of the plan you read",
            Required = true,
            HelpName = "ID",
        };
        var refuse = new Option<bool>("--refuse") { Description = "Refuse the plan" };
        var comment = new Option<string?>("--comment") { Description = "Why", HelpName = "TEXT" };
        return commands.Make(
            "answer",
            "Answer as yourself",
            async (parsed, _, client, cancellationToken) =>
            {
                var state = await client.AnswerAsync(
                    parsed.GetValue(request)!,
                    parsed.GetValue(plan)!,
                    !parsed.GetValue(refuse),
                    parsed.GetValue(comment),
                    token: null,
                    cancellationToken
                );
                await commands.Output.WriteLineAsync($"{parsed.GetValue(request)}: {state}");
                return 0;
            },
            request,
            plan,
            refuse,
            comment
        );
    }

    private static Command Token(AppCommands commands)
    {
        var approver = new Argument<string?>("NAME")
        {
            Description = "Principal name of the approver; the first one without it",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return commands.Make(
            "token",
            "A token of a sandbox tenant's approver, for COMPLIANCE_TOKEN; in a real tenant people sign in themselves",
            async (parsed, where, _, token) =>
            {
                using var people = new SandboxPeople(where);
                await commands.Output.WriteLineAsync(await people.ApproverTokenAsync(parsed.GetValue(approver), token));
                return 0;
            },
            approver
        );
    }

    private static async Task<int> ShowReasonsAsync(AppCommands commands, bool isJson, ApprovalRequest asked)
    {
        if (isJson)
            return commands.Print(asked);
        foreach (var reason in asked.Reasons)
            await commands.Output.WriteLineAsync(reason);
        await commands.Output.WriteLineAsync($"Answer with: compliance approvals answer {asked.Id} --plan {asked.PlanId}");
        return 0;
    }
}
