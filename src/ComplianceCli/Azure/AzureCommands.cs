using System.CommandLine;

namespace ComplianceCli.Azure;

/// <summary>
/// <c>compliance azure</c>: what azd's hooks do, and what is done by hand. Each takes <c>--print</c>, which shows what it would do.
/// </summary>
/// <param name="outside">What it reaches.</param>
/// <param name="time">Drives waits.</param>
/// <param name="output">For what was done.</param>
/// <param name="errors">For waits.</param>
internal sealed class AzureCommands(AzureOutside outside, TimeProvider time, TextWriter output, TextWriter errors)
{
    private readonly Option<bool> _print = new("--print") { Description = "Only show what it would do" };
    private readonly Option<string?> _mode = new("--mode")
    {
        Description = "report or enforce; without it COMPLIANCE_MODE of azd's environment",
        HelpName = "MODE",
    };
    private readonly Option<string?> _powerful = new("--powerful")
    {
        Description =
            "Powerful permissions that mode enforce shall have too, with commas between, or all; without it "
            + "COMPLIANCE_POWERFUL_PERMISSIONS of azd's environment",
        HelpName = "NAMES",
    };
    private readonly Option<bool> _remove = new("--remove") { Description = "Take all of it away" };
    private readonly Option<string?> _mailbox = new("--mailbox")
    {
        Description = "The mailbox that the app sends from: shows how Exchange limits it to that one",
        HelpName = "ADDRESS",
    };

    private readonly Option<bool> _yesRemove = new("--yes-remove") { Description = "Confirm that the app ends" };
    private readonly Option<string?> _confirm = new("--confirm")
    {
        Description = "The name of the ledger's container, typed: the lock cannot be taken back",
        HelpName = "CONTAINER",
    };

    private readonly Option<string?> _package = new("--package")
    {
        Description = "A folder with the package that was deployed; without it what dotnet publish -c Release left",
        HelpName = "FOLDER",
    };

    /// <summary>The command with its subcommands.</summary>
    public Command Create() =>
        new("azure", "Prepare, check and remove a deployment to Azure; most of it is run by azd up and azd down")
        {
            Make("preprovision", "Before azd provisions: check what is needed, deploy the evidence, register the application", Prepare),
            Make("grant", "Give the app's identity the Graph permissions of its mode", Grant, _mode, _powerful, _remove, _mailbox),
            Make("postprovision", "After azd provisioned: grant with the values of azd's environment", Grant),
            Make("postdeploy", "After azd deployed: check that the app works, from the queue to the ledger", Check, _package),
            Make("predown", "Before azd takes the app down: take away what it was given elsewhere", Remove, _yesRemove),
            Make("lock", "Make the evidence ledger write-once for good", Lock, _confirm),
        };

    private Command Make(string name, string description, Func<ParseResult, AzureSession, Work> work, params Option[] more)
    {
        var command = AppCommands.Create(name, description, [.. more, _print]);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                using var session = await AzureSession.OpenAsync(outside, time, errors, cancellationToken);
                var (steps, notes) = work(parsed, session);
                var plan = new AzurePlan(steps, output);
                var code = parsed.GetValue(_print) ? await plan.PrintAsync(cancellationToken) : await plan.RunAsync(cancellationToken);
                foreach (var note in notes)
                    await output.WriteLineAsync(note);
                return code;
            }
        );
        return command;
    }

    private Work Prepare(ParseResult parsed, AzureSession session)
    {
        var (calls, environment) = (session.Calls, session.Environment);
        var steps = new List<AzureStep>(new Preflight(calls, environment, outside, time).Steps());
        if (environment.IsEnforcing())
            steps.Add(new EnforcementTag(calls, environment.DeploymentId).NoOther());
        steps.AddRange(new EvidenceDeployment(calls, environment, outside).Steps());
        steps.AddRange(new AppRegistration(calls, environment).Steps());
        return new(steps, []);
    }

    private Work Grant(ParseResult parsed, AzureSession session)
    {
        const string Remedy = "azd provision makes it";
        var (calls, environment) = (session.Calls, session.Environment);
        var principal = environment.NeedId("COMPLIANCE_IDENTITY_PRINCIPAL_ID", Remedy);
        var registration = environment.NeedId(AppRegistration.Variable, "compliance azure preprovision makes it");
        var isRemoved = parsed.GetValue(_remove);
        var isEnforcing = !isRemoved && environment.IsEnforcing(parsed.GetValue(_mode));
        var powerful = GraphPermissions.Choose(parsed.GetValue(_powerful) ?? environment.Find("COMPLIANCE_POWERFUL_PERMISSIONS"));
        var tag = new EnforcementTag(calls, environment.DeploymentId);
        var grants = new GraphGrant(calls, principal).Steps(isRemoved ? [] : GraphPermissions.For(isEnforcing, powerful));
        var roles = new OwnRoles(calls, environment).Steps(isEnforcing);
        // The tag is there as long as anything can be changed: first when it is given, last when it is taken away.
        List<AzureStep> steps = isEnforcing
            ? [tag.NoOther(), tag.Claim(registration), .. grants, .. roles]
            : [.. grants, .. roles, tag.Release(registration)];
        var mailbox = parsed.GetValue(_mailbox) ?? environment.Find("COMPLIANCE_MAILBOX");
        IEnumerable<string> notes = mailbox is null
            ? ["Mail.Send is not given: --mailbox ADDRESS shows how Exchange lets the app send from one mailbox"]
            : MailNote.Lines(mailbox, environment.NeedId("COMPLIANCE_IDENTITY_CLIENT_ID", Remedy), principal);
        return new(steps, isRemoved ? [] : notes);
    }

    private Work Check(ParseResult parsed, AzureSession session) =>
        new(
            new Smoke(session.Calls, session.Environment, outside, time, errors).Steps(parsed.GetValue(_package)),
            ["The first checkpoint is signed within the hour. Then compliance evidence verify proves the whole ledger."]
        );

    private Work Remove(ParseResult parsed, AzureSession session)
    {
        var removal = new Removal(session.Calls, session.Environment);
        return new(removal.Steps(parsed.GetValue(_yesRemove), parsed.GetValue(_print)), removal.Notes());
    }

    private Work Lock(ParseResult parsed, AzureSession session) =>
        new(new LedgerLock(session.Calls, session.Environment).Steps(parsed.GetValue(_confirm), parsed.GetValue(_print)), []);

    /// <summary>What a command does, and what it has to remark.</summary>
    private sealed record Work(IReadOnlyList<AzureStep> Steps, IEnumerable<string> Notes);
}
