using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Compliance.Controls;
using Compliance.Text;
using SandboxTenant;

namespace Local;

/// <summary>The launcher's commands and options.</summary>
/// <param name="run">Does <c>run</c>.</param>
/// <param name="test">Does <c>test</c>; gets whether the long ones are run in full, and the further arguments for <c>dotnet
/// test</c>.</param>
/// <param name="mutate">Does <c>test --mutate</c>; gets the folder, and the further arguments for Stryker.</param>
/// <param name="bench">Does <c>bench</c>; gets the benchmark's name and options.</param>
internal sealed class CommandLine(
    Func<RunOptions, Task<int>> run,
    Func<bool, IReadOnlyList<string>, Task<int>> test,
    Func<string, IReadOnlyList<string>, Task<int>> mutate,
    Func<IReadOnlyList<string>, Task<int>> bench
)
{
    /// <summary>Parses and does it.</summary>
    /// <param name="arguments">The arguments.</param>
    /// <param name="output">Gets help.</param>
    /// <param name="errors">Gets what is wrong with the arguments, a line each.</param>
    /// <returns>One of <see cref="ExitCode"/>, or what a benchmark returned.</returns>
    public async Task<int> InvokeAsync(string[] arguments, TextWriter output, TextWriter errors)
    {
        var parsed = Root().Parse(arguments);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                await errors.WriteLineAsync(Plain.Line(error.Message));
            return ExitCode.Usage;
        }
        // The launcher stops in order by itself; and an exception is the caller's to word.
        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                Output = output,
                Error = errors,
                ProcessTerminationTimeout = null,
                EnableDefaultExceptionHandler = false,
            }
        );
    }

    private RootCommand Root()
    {
        var benchmark = new Command("bench", "Run a benchmark: ./scripts/bench NAME [its options]")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        var name = new Argument<string>("NAME") { Description = "The benchmark, for example credentials" };
        benchmark.Arguments.Add(name);
        benchmark.SetAction(parsed => bench([parsed.GetValue(name)!, .. parsed.UnmatchedTokens]));

        var tests = new Command("test", "Run every test; further arguments go to dotnet test") { TreatUnmatchedTokensAsErrors = false };
        var longOnes = new Option<bool>("--long") { Description = "Run the long ones in full: many seeds, many kills, large sizes" };
        var folder = new Option<string?>("--mutate")
        {
            Description =
                "Change the code of a folder of src/Compliance bit by bit, and count the changes that the tests of "
                + "tests/Compliance.Tests notice; further arguments go to Stryker",
            HelpName = "FOLDER",
        };
        tests.Options.Add(longOnes);
        tests.Options.Add(folder);
        tests.Validators.Add(parsed =>
        {
            if (parsed.GetValue(longOnes) && parsed.GetValue(folder) is not null)
                parsed.AddError($"{longOnes.Name} and {folder.Name} exclude each other");
        });
        tests.SetAction(parsed =>
            parsed.GetValue(folder) is { } named
                ? mutate(named, parsed.UnmatchedTokens)
                : test(parsed.GetValue(longOnes), parsed.UnmatchedTokens)
        );
        var around = new Command("around", "Start everything on free ports, run a command, and stop everything: around -- COMMAND ...")
        {
            TreatUnmatchedTokensAsErrors = false,
            Hidden = true,
        };
        var data = new Option<bool>("--data") { Description = "Put the demo tenant's data into Azurite first" };
        around.Options.Add(data);
        around.SetAction(parsed =>
            run(
                new RunOptions
                {
                    Once = true,
                    Fresh = true,
                    State = Path.Combine(RepositoryRoot.Find(), ".local", "demo"),
                    Data = parsed.GetValue(data),
                    Around = [.. parsed.UnmatchedTokens.Where(t => t != "--")],
                }
            )
        );
        return new RootCommand("Runs ComplianceFunctions on this machine: Azurite, a sandbox tenant and the app.")
        {
            Run(),
            tests,
            benchmark,
            around,
        };
    }

    private Command Run()
    {
        var once = new Option<bool>("--once") { Description = "Run the credential-rotation check one time, print what it found, and end" };
        var settingsOnly = new Option<bool>("--settings-only")
        {
            Description = "Start all but the app, and write src/ComplianceFunctions/local.settings.json for func start",
        };
        var real = new Option<bool>("--real")
        {
            Description = "Read the real tenant named by the app's settings (Tenant__*) with your az login; no sandbox",
        };
        var now = new Option<DateTimeOffset?>("--now")
        {
            Description = "Set the clock (ISO 8601; UTC unless it has an offset)",
            HelpName = "TIME",
            CustomParser = Time,
        };
        var tenant = new Option<DirectoryInfo>("--tenant")
        {
            Description = "Use a folder of JSON files copied from a tenant instead of the demo tenant",
            HelpName = "DIR",
        };
        var faults = new Option<string?>("--faults")
        {
            Description = "Make the sandbox misbehave, see its documentation",
            HelpName = "SPEC",
        };
        var failOn = new Option<Severity?>("--fail-on")
        {
            Description = "Exit 2 when an open finding is at or above: info, low, medium, high, critical",
            HelpName = "SEVERITY",
            CustomParser = AtLeast,
        };
        var json = new Option<bool>("--json") { Description = "Print the report as one JSON document on stdout" };
        var fresh = new Option<bool>("--fresh") { Description = "Empty the state folder first" };
        var port = Port("--port", "The app's port (7071; with --once a free one)");
        var sandboxPort = Port("--sandbox-port", "The sandbox tenant's port (7072; with --once a free one)");
        var azuritePort = Port("--azurite-port", "The first of Azurite's three ports (10000; with --once free ones)");
        var policy = new Option<FileInfo>("--policy") { Description = "Use another credential policy (YAML)", HelpName = "FILE" };
        var state = new Option<DirectoryInfo>("--state") { Description = "Keep state there instead of in .local", HelpName = "DIR" };
        tenant.AcceptExistingOnly();
        policy.AcceptExistingOnly();
        var command = new Command("run", "Start everything and keep running until Ctrl-C, or with --once until the check is done")
        {
            once,
            settingsOnly,
            real,
            now,
            tenant,
            faults,
            failOn,
            json,
            fresh,
            port,
            sandboxPort,
            azuritePort,
            policy,
            state,
        };
        command.Validators.Add(parsed =>
        {
            foreach (var option in new Option[] { failOn, json })
                if (parsed.GetResult(option) is { Implicit: false } && !parsed.GetValue(once))
                    parsed.AddError($"{option.Name} needs --once");
            if (parsed.GetValue(settingsOnly) && parsed.GetValue(once))
                parsed.AddError($"{settingsOnly.Name} and {once.Name} exclude each other");
            foreach (var option in new Option[] { now, tenant, faults, sandboxPort })
                if (parsed.GetResult(option) is { Implicit: false } && parsed.GetValue(real))
                    parsed.AddError($"{option.Name} is for the sandbox tenant: leave it out with --real");
        });
        command.SetAction(parsed =>
            run(
                new RunOptions
                {
                    Once = parsed.GetValue(once),
                    SettingsOnly = parsed.GetValue(settingsOnly),
                    Real = parsed.GetValue(real),
                    Now = parsed.GetValue(now),
                    Tenant = parsed.GetValue(tenant)?.FullName,
                    Faults = parsed.GetValue(faults),
                    FailOn = parsed.GetValue(failOn),
                    Json = parsed.GetValue(json),
                    Fresh = parsed.GetValue(fresh),
                    Port = parsed.GetValue(port),
                    SandboxPort = parsed.GetValue(sandboxPort),
                    AzuritePort = parsed.GetValue(azuritePort),
                    Policy = parsed.GetValue(policy)?.FullName,
                    State = parsed.GetValue(state)?.FullName,
                }
            )
        );
        return command;
    }

    private static Option<int?> Port(string name, string description)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        var highest = name == "--azurite-port" ? 65533 : 65535;
        option.Validators.Add(parsed =>
        {
            if (
                parsed.Tokens.Count == 1
                && !(
                    int.TryParse(parsed.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                    && number <= highest
                )
            )
                parsed.AddError($"{name} must be a number from 0 (a free port) to {highest}, not {parsed.Tokens[0].Value}");
        });
        return option;
    }

    private static DateTimeOffset? Time(ArgumentResult parsed)
    {
        string[] formats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mmK", "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];
        var text = parsed.Tokens[0].Value;
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTimeOffset.TryParseExact(text, formats, CultureInfo.InvariantCulture, Utc, out var time) && ClockRange.Includes(time))
            return time;
        parsed.AddError($"--now must be {ClockRange.Rule}, such as 2026-11-23T05:00:00Z, not {text}");
        return null;
    }

    private static Severity? AtLeast(ArgumentResult parsed)
    {
        var text = parsed.Tokens[0].Value;
        foreach (var severity in Enum.GetValues<Severity>())
            if (string.Equals(text, severity.ToString(), StringComparison.OrdinalIgnoreCase))
                return severity;
        parsed.AddError($"--fail-on must be info, low, medium, high or critical, not {text}");
        return null;
    }
}
