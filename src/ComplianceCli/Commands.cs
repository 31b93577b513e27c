using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Compliance.Changes.Approvals;
using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>The commands of <c>compliance</c>.</summary>
internal static class Commands
{
    /// <summary>
    /// Parses and does it. Exit codes: 0 done, 1 it could not or something disagrees, 64 wrong usage; those of evidence: 0 intact, 1
    /// tampered, 2 cannot decide.
    /// </summary>
    /// <param name="arguments">What was typed.</param>
    /// <param name="output">For what was asked for.</param>
    /// <param name="errors">For progress and what went wrong.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <param name="input">Opens standard input; null for the process's own.</param>
    /// <param name="time">The clock that an event's times are judged by; null for the system's.</param>
    public static async Task<int> InvokeAsync(
        string[] arguments,
        TextWriter output,
        TextWriter errors,
        CancellationToken cancellationToken,
        Func<Stream>? input = null,
        TimeProvider? time = null
    )
    {
        var app = new Option<string?>("--app")
        {
            Description = "Address of the app; without it the one that ./scripts/run started",
            HelpName = "URL",
            Recursive = true,
        };
        var key = new Option<string?>("--key")
        {
            Description = "A function key of the app",
            HelpName = "KEY",
            Recursive = true,
        };
        var connection = new Option<FileInfo?>("--connection")
        {
            Description = "The file that ./scripts/run wrote",
            HelpName = "FILE",
            Recursive = true,
        };
        var json = new Option<bool>("--json") { Description = "Print JSON", Recursive = true };

        Command Make(
            string name,
            string description,
            Func<ParseResult, Connection, AppClient, CancellationToken, Task<int>> run,
            params Symbol[] more
        )
        {
            var command = new Command(name, description);
            foreach (var symbol in more)
                if (symbol is Option option)
                    command.Options.Add(option);
                else
                    command.Arguments.Add((Argument)symbol);
            command.SetAction(
                async (parsed, token) =>
                {
                    var where = Connection.From(parsed.GetValue(app), parsed.GetValue(key), parsed.GetValue(connection));
                    using var client = new AppClient(where);
                    return await run(parsed, where, client, token);
                }
            );
            return command;
        }

        var employee = new Option<string>("--employee")
        {
            Description = "Employee id of the person",
            DefaultValueFactory = _ => "NW-1042",
            HelpName = "ID",
        };
        var page = new Option<FileInfo?>("--certificate") { Description = "Where to write the certificate as a page", HelpName = "FILE" };
        var force = OutputFile.Force();
        var caseId = new Argument<string>("CASE") { Description = "Id of a case" };
        var user = new Argument<string>("USER") { Description = "Object id or principal name" };
        var request = new Argument<string>("REQUEST") { Description = "Id of a request for approval" };
        foreach (var named in new[] { caseId, user, request })
            named.Validators.Add(result =>
            {
                if (result.Tokens is [var only] && string.IsNullOrWhiteSpace(only.Value))
                    result.AddError($"{named.Name} is empty");
            });
        var plan = new Option<string>("--plan")
        {
            Description = "Id of the plan you read",
            Required = true,
            HelpName = "ID",
        };
        var refuse = new Option<bool>("--refuse") { Description = "Say no" };
        var forCause = new Option<bool>("--for-cause") { Description = "Say that it cannot wait for HR", Required = true };
        var reason = new Option<string>("--reason")
        {
            Description = "Why, for the second person and the case; at most 500 characters",
            Required = true,
            HelpName = "TEXT",
        };
        var approver = new Argument<string?>("NAME")
        {
            Description = "Principal name of the approver; the first one without it",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var comment = new Option<string?>("--comment") { Description = "Why", HelpName = "TEXT" };

        var root = new RootCommand(
            "Looks after the compliance app: cases of leavers, their plans and certificates, what waits for approval, the pause, the "
                + "evidence, events sent by hand, and messages that were given up."
        )
        {
            new Command("offboard", "Leavers")
            {
                Make(
                    "demo",
                    "Offboard a person of the sandbox tenant, live",
                    (parsed, where, client, token) =>
                    {
                        OutputFile.Require(parsed.GetValue(page), parsed.GetValue(force));
                        return new Demo(where, client, output, TimeProvider.System).RunAsync(
                            parsed.GetValue(employee)!,
                            parsed.GetValue(page)?.FullName,
                            token
                        );
                    },
                    employee,
                    page,
                    force
                ),
                Make(
                    "list",
                    "All cases",
                    async (parsed, _, client, token) =>
                    {
                        var cases = await client.CasesAsync(token);
                        if (parsed.GetValue(json))
                            return Json(output, cases);
                        foreach (var known in cases)
                            await output.WriteLineAsync(OffboardOutput.Line(known));
                        return 0;
                    }
                ),
                Make(
                    "show",
                    "One case and its certificate",
                    async (parsed, _, client, token) =>
                    {
                        var known = await client.CaseAsync(parsed.GetValue(caseId)!, token);
                        if (parsed.GetValue(json))
                            return Json(output, known);
                        await output.WriteLineAsync(OffboardOutput.Line(known));
                        if (known.CertificateSha256 is not null)
                            await output.WriteLineAsync(
                                OffboardOutput.Pretty(await client.DocumentAsync(known.Id, "certificate.json", token))
                            );
                        return 0;
                    },
                    caseId
                ),
                Make(
                    "plan",
                    "A dry run: what would be done to a person now; nothing is changed",
                    async (parsed, _, client, token) =>
                    {
                        var dry = await client.PlanAsync(parsed.GetValue(user)!, token);
                        return parsed.GetValue(json) ? Json(output, dry) : OffboardOutput.Plan(output, dry);
                    },
                    user
                ),
                Make(
                    "start",
                    "End a person's access now, as yourself (COMPLIANCE_TOKEN) and with no event of HR; a second person confirms it",
                    async (parsed, _, client, token) =>
                    {
                        var known = await client.StartAsync(parsed.GetValue(user)!, parsed.GetValue(reason)!, OwnToken(), token);
                        if (parsed.GetValue(json))
                            return Json(output, known);
                        await output.WriteLineAsync(OffboardOutput.Line(known));
                        return 0;
                    },
                    user,
                    forCause,
                    reason
                ),
            },
            new Command("approvals", "What waits for two people")
            {
                Make(
                    "list",
                    "Open requests",
                    async (parsed, _, client, token) =>
                    {
                        var open = await client.ApprovalsAsync(token);
                        if (parsed.GetValue(json))
                            return Json(output, open);
                        foreach (var one in open)
                            await output.WriteLineAsync(
                                string.Create(
                                    CultureInfo.InvariantCulture,
                                    $"{one.Id}  plan {one.PlanId}  until {one.Deadline.UtcDateTime:yyyy-MM-dd HH:mm}Z  answers "
                                        + $"{one.Answers.Count}\n  {string.Join("\n  ", one.Reasons)}"
                                )
                            );
                        return 0;
                    }
                ),
                Make(
                    "show",
                    "What an open request asks, and every step of its plan",
                    async (parsed, _, client, token) =>
                    {
                        var id = parsed.GetValue(request)!;
                        var one =
                            (await client.ApprovalsAsync(token)).FirstOrDefault(r => r.Id == id)
                            ?? throw new CliException($"there is no open request {id}: compliance approvals list");
                        // To resume changes nothing by itself: the reasons are all there is to read.
                        if (PauseSwitch.Asks(one))
                            return await ShowResumeAsync(output, parsed.GetValue(json), one);
                        var document = await client.DocumentAsync(one.CaseId, $"plan-{one.PlanId}.json", token);
                        var read = JsonSerializer.Deserialize<ActionPlan>(document, ComplianceJson.Compact)!;
                        // What is approved is what is read here, and nothing else.
                        if (read.Id() != one.PlanId)
                            throw new CliException($"the plan that the app gave is not plan {one.PlanId}: do not approve it");
                        if (parsed.GetValue(json))
                            return Json(output, read);
                        foreach (var reason in one.Reasons)
                            await output.WriteLineAsync(reason);
                        OffboardOutput.Steps(output, [read]);
                        await output.WriteLineAsync($"Answer with: compliance approvals answer {one.Id} --plan {one.PlanId}");
                        return 0;
                    },
                    request
                ),
                Make(
                    "answer",
                    "Answer as yourself: COMPLIANCE_TOKEN holds your Entra token (az account get-access-token --scope api://APP/.default)",
                    async (parsed, _, client, token) =>
                    {
                        var state = await client.AnswerAsync(
                            parsed.GetValue(request)!,
                            parsed.GetValue(plan)!,
                            !parsed.GetValue(refuse),
                            parsed.GetValue(comment),
                            OwnToken(),
                            token
                        );
                        await output.WriteLineAsync($"{parsed.GetValue(request)}: {state}");
                        return 0;
                    },
                    request,
                    plan,
                    refuse,
                    comment
                ),
                Make(
                    "token",
                    "A token of a sandbox tenant's approver, for COMPLIANCE_TOKEN; in a real tenant people sign in themselves",
                    async (parsed, where, _, token) =>
                    {
                        using var people = new SandboxPeople(where);
                        await output.WriteLineAsync(await people.ApproverTokenAsync(parsed.GetValue(approver), token));
                        return 0;
                    },
                    approver
                ),
            },
            EvidenceCommands.Create(connection, json, output, errors),
            EventCommands.Create(
                parsed => Connection.From(parsed.GetValue(app), parsed.GetValue(key), parsed.GetValue(connection)),
                json,
                input ?? Console.OpenStandardInput,
                output,
                time ?? TimeProvider.System
            ),
            QueueCommands.Create(
                parsed => Connection.From(parsed.GetValue(app), parsed.GetValue(key), parsed.GetValue(connection)),
                json,
                output
            ),
            app,
            key,
            connection,
            json,
        };
        foreach (
            var command in PauseCommands.Create(
                parsed => Connection.From(parsed.GetValue(app), parsed.GetValue(key), parsed.GetValue(connection)),
                OwnToken,
                json,
                output
            )
        )
            root.Subcommands.Add(command);
        var result = root.Parse(arguments);
        if (result.Errors.Count > 0)
        {
            foreach (var error in result.Errors)
                await errors.WriteLineAsync(error.Message);
            return 64;
        }
        // The program stops by its own token: a second handler of signals would end it in between.
        var configuration = new InvocationConfiguration
        {
            Output = output,
            Error = errors,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return await result.InvokeAsync(configuration, cancellationToken);
    }

    private static string OwnToken() =>
        Environment.GetEnvironmentVariable("COMPLIANCE_TOKEN") is { Length: > 0 } given
            ? Connection.Sendable(given, "COMPLIANCE_TOKEN")
            : throw new CliException("COMPLIANCE_TOKEN is not set: it holds your Entra token for the app");

    private static async Task<int> ShowResumeAsync(TextWriter output, bool isJson, ApprovalRequest asked)
    {
        if (isJson)
            return Json(output, asked);
        foreach (var reason in asked.Reasons)
            await output.WriteLineAsync(reason);
        await output.WriteLineAsync($"Answer with: compliance approvals answer {asked.Id} --plan {asked.PlanId}");
        return 0;
    }

    private static int Json(TextWriter output, object value)
    {
        output.WriteLine(JsonSerializer.Serialize(value, ComplianceJson.Readable));
        return 0;
    }
}
