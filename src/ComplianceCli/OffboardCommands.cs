using System.CommandLine;

namespace ComplianceCli;

/// <summary>The commands about leavers.</summary>
internal static class OffboardCommands
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create(AppCommands commands) =>
        new("offboard", "Leavers") { Demo(commands), List(commands), Show(commands), Plan(commands), Start(commands) };

    private static Command Demo(AppCommands commands)
    {
        var employee = new Option<string>("--employee")
        {
            Description = "Employee id of the person",
            DefaultValueFactory = _ => "NW-1042",
            HelpName = "ID",
        };
        var page = new Option<FileInfo?>("--certificate") { Description = "Where to write the certificate as a page", HelpName = "FILE" };
        var force = OutputFile.Force();
        return commands.Make(
            "demo",
            "Offboard a person of the sandbox tenant, live",
            (parsed, where, client, token) =>
            {
                OutputFile.Require(parsed.GetValue(page), parsed.GetValue(force));
                return new Demo(where, client, commands.Output, TimeProvider.System).RunAsync(
                    parsed.GetValue(employee)!,
                    parsed.GetValue(page)?.FullName,
                    token
                );
            },
            employee,
            page,
            force
        );
    }

    private static Command List(AppCommands commands) => commands.Make("list", "All cases", async (parsed, _, client, token) =>
        {
            var cases = await client.CasesAsync(token);
            if (commands.IsJson(parsed))
                return commands.Print(cases);
            foreach (var known in cases)
                await commands.Output.WriteLineAsync(OffboardOutput.Line(known));
            return 0;
        });

    private static Command Show(AppCommands commands)
    {
        var caseId = AppCommands.Named("CASE", "Id of a case");
        return commands.Make(
            "show",
            "One case and its certificate",
            async (parsed, _, client, token) =>
            {
                var known = await client.CaseAsync(parsed.GetValue(caseId)!, token);
                if (commands.IsJson(parsed))
                    return commands.Print(known);
                await commands.Output.WriteLineAsync(OffboardOutput.Line(known));
                if (known.CertificateSha256 is not null)
                    await commands.Output.WriteLineAsync(
                        OffboardOutput.Pretty(await client.DocumentAsync(known.Id, "certificate.json", token))
                    );
                return 0;
            },
            caseId
        );
    }

    private static Command Plan(AppCommands commands)
    {
        var user = AppCommands.Named("USER", "Object id or principal name");
        return commands.Make(
            "plan",
            "A dry run: what would be done to a person now; nothing is changed",
            async (parsed, _, client, token) =>
            {
                var dry = await client.PlanAsync(parsed.GetValue(user)!, token);
                return commands.IsJson(parsed) ? commands.Print(dry) : OffboardOutput.Plan(commands.Output, dry);
            },
            user
        );
    }

    private static Command Start(AppCommands commands)
    {
        var user = AppCommands.Named("USER", "Object id or principal name");
        var forCause = new Option<bool>("--for-cause") { Description = "State that it cannot wait for HR", Required = true };
        var reason = new Option<string>("--reason")
        {
            Description = "Why, for the second person and the case; at most 500 characters",
            Required = true,
            HelpName = "TEXT",
        };
        return commands.Make(
            "start",
            "End a person's access now, as yourself and with no event of HR; a second person confirms it",
            async (parsed, _, client, token) =>
            {
                var known = await client.StartAsync(parsed.GetValue(user)!, parsed.GetValue(reason)!, token);
                if (commands.IsJson(parsed))
                    return commands.Print(known);
                await commands.Output.WriteLineAsync(OffboardOutput.Line(known));
                return 0;
            },
            user,
            forCause,
            reason
        );
    }
}
