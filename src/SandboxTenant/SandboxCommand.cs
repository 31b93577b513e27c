using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using SandboxTenant.Data;
using SandboxTenant.Demo;

namespace SandboxTenant;

/// <summary>
/// The command line: <c>serve</c>, <c>export</c> and <c>check</c>. A bad argument, folder or port is one line on standard error and exit
/// code 1.
/// </summary>
internal static class SandboxCommand
{
    /// <summary>Runs a command.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        Option<ulong> seed = new("--seed") { Description = "what a generated tenant is drawn from", DefaultValueFactory = _ => 2026 };
        Option<DateTimeOffset?> now = new("--now")
        {
            Description = "the tenant's time at start, ISO 8601; real time when left out",
            CustomParser = r =>
            {
                const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal;
                if (
                    DateTimeOffset.TryParse(r.Tokens[0].Value, CultureInfo.InvariantCulture, Utc, out var time) && ClockRange.Includes(time)
                )
                    return time;
                r.AddError($"--now {r.Tokens[0].Value}: is not {ClockRange.Rule} (ISO 8601, as 2026-11-23T08:00:00Z)");
                return null;
            },
        };
        var root = new RootCommand("A local tenant that answers as Microsoft Graph, Azure Resource Manager, Key Vault and sign-in do");
        root.Subcommands.Add(Serve(seed, now, output, error));
        root.Subcommands.Add(Export(seed, now, output));
        root.Subcommands.Add(Check(output));
        try
        {
            var parsed = root.Parse(args);
            foreach (var wrong in parsed.Errors)
                await error.WriteLineAsync(wrong.Message);
            if (parsed.Errors.Count > 0)
                return 1;
            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    EnableDefaultExceptionHandler = false,
                    Output = output,
                    Error = error,
                    ProcessTerminationTimeout = null,
                }
            );
        }
        catch (SandboxException e)
        {
            await error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    private static Command Serve(Option<ulong> seed, Option<DateTimeOffset?> now, TextWriter output, TextWriter error)
    {
        Option<int> port = new("--port") { Description = "TCP port on 127.0.0.1; 0 takes a free one" };
        port.Validators.Add(result =>
        {
            var text = result.Tokens is [var only] ? only.Value : "";
            if (!ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                result.AddError($"--port {text}: is not a number from 0 (a free port) to {ushort.MaxValue}");
        });
        Option<string?> tenant = new("--tenant") { Description = "folder to load the tenant from" };
        Option<bool> demo = new("--demo") { Description = "serve the demo tenant (what it does without --tenant)" };
        Option<string?> state = new("--state") { Description = "folder that keeps changes over a restart" };
        Option<string?> faults = new("--faults") { Description = "fault rules" };
        Option<string?> log = new("--request-log") { Description = "file that gets one JSON line a request" };
        Option<string[]> without = new("--without-permission")
        {
            Description = "Graph permissions or Resource Manager actions the app lacks, separated by commas",
        };
        Option<bool> noRole = new("--app-without-directory-role")
        {
            Description = "the app cannot disable people who hold a privileged directory role",
        };
        Option<TimeSpan> lag = new("--lag")
        {
            Description = "how long Graph's reads go on without a change, as 30s",
            CustomParser = r =>
            {
                if (Faults.FaultPlan.Duration(r.Tokens[0].Value) is { } duration)
                    return duration;
                r.AddError($"--lag {r.Tokens[0].Value}: is not a duration (500ms, 30s or 5m)");
                return default;
            },
        };
        Option<bool> quotas = new("--quotas") { Description = "refuse requests over the services' quotas with 429" };
        Option<bool> parent = new("--parent-stdin") { Description = "end when standard input is closed" };
        var command = new Command("serve", "Serve a tenant until stopped; prints one JSON line when ready")
        {
            port,
            tenant,
            demo,
            seed,
            now,
            state,
            faults,
            without,
            noRole,
            lag,
            quotas,
            log,
            parent,
        };
        var size = Size(command);
        command.SetAction(
            async (parsed, cancellationToken) =>
            {
                if (
                    new[] { parsed.GetValue(demo), parsed.GetValue(tenant) is not null, size(parsed) is not null }.Count(given => given) > 1
                )
                    throw new SandboxException("--demo, --tenant and the size of a generated tenant exclude each other");
                var signalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                void Stop(PosixSignalContext signal)
                {
                    signal.Cancel = true;
                    signalled.TrySetResult();
                }

                using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
                using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
                await using var sandbox = await Sandbox.StartAsync(
                    new SandboxOptions
                    {
                        Port = parsed.GetValue(port),
                        TenantDirectory = parsed.GetValue(tenant),
                        Generate = size(parsed),
                        Seed = parsed.GetValue(seed),
                        Now = parsed.GetValue(now),
                        StateDirectory = parsed.GetValue(state),
                        Faults = parsed.GetValue(faults),
                        RequestLog = parsed.GetValue(log),
                        WithoutPermissions =
                        [
                            .. (parsed.GetValue(without) ?? []).SelectMany(w =>
                                w.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                            ),
                        ],
                        AppHoldsDirectoryRole = !parsed.GetValue(noRole),
                        Lag = parsed.GetValue(lag),
                        EnforceQuotas = parsed.GetValue(quotas),
                    },
                    TimeProvider.System,
                    CancellationToken.None
                );
                foreach (var notice in sandbox.Notices)
                    await error.WriteLineAsync(notice);
                var ready = Json.Bytes(writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteNumber("port", sandbox.Port);
                    writer.WriteString("url", string.Create(CultureInfo.InvariantCulture, $"https://localhost:{sandbox.Port}"));
                    writer.WriteString("thumbprint", sandbox.Thumbprint);
                    writer.WriteString("tenantId", sandbox.TenantId);
                    writer.WriteString("clientId", sandbox.ClientId);
                    writer.WriteString("clientSecret", sandbox.ClientSecret);
                    writer.WriteEndObject();
                });
                await output.WriteLineAsync(Encoding.UTF8.GetString(ready));
                await output.FlushAsync(cancellationToken);
                var ended = parsed.GetValue(parent) ? EndWithParentAsync() : signalled.Task;
                await Task.WhenAny(signalled.Task, ended);
                foreach (var rule in sandbox.UnmatchedFaults)
                    await error.WriteLineAsync($"no request fitted the fault rule \"{rule}\"");
                return 0;
            }
        );
        return command;
    }

    private static async Task EndWithParentAsync()
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (await input.ReadAsync(buffer) > 0)
            continue;
    }

    private static Command Export(Option<ulong> seed, Option<DateTimeOffset?> now, TextWriter output)
    {
        Option<string> to = new("--to") { Description = "a new or empty folder", Required = true };
        var command = new Command("export", "Write the demo or a generated tenant as a folder") { to, seed, now };
        var size = Size(command);
        command.SetAction(parsed =>
        {
            var time = parsed.GetValue(now) ?? TimeProvider.System.GetUtcNow();
            var data = size(parsed) is { } generated
                ? TenantGenerator.Generate(generated, parsed.GetValue(seed), time)
                : DemoTenant.Create(parsed.GetValue(seed), time);
            TenantFolder.Save(data, parsed.GetValue(to)!);
            output.WriteLine(Summary(parsed.GetValue(to)!, data));
            return 0;
        });
        return command;
    }

    // Any of these asks for a generated tenant; the others then have their defaults.
    private static Func<ParseResult, GeneratorOptions?> Size(Command command)
    {
        Option<int?> applications = new("--applications") { Description = "generate this many applications in place of the demo" };
        Option<int?> credentials = new("--credentials") { Description = "credentials of each generated application" };
        Option<int?> objects = new("--vault-objects") { Description = "generated vault objects" };
        Option<int?> vaults = new("--vaults") { Description = "generated vaults" };
        Option<double?> flagged = new("--flagged-share") { Description = "share of generated things older than 90 days, 0 to 1" };
        Option<int?> leavers = new("--leavers")
        {
            Description = "generated users with 200 memberships, 30 app roles and 40 Azure roles each",
        };
        foreach (var option in (Option[])[applications, credentials, objects, vaults, flagged, leavers])
            command.Options.Add(option);
        var standard = new GeneratorOptions();
        return parsed =>
            parsed.GetValue(applications) is null
            && parsed.GetValue(credentials) is null
            && parsed.GetValue(objects) is null
            && parsed.GetValue(vaults) is null
            && parsed.GetValue(flagged) is null
            && parsed.GetValue(leavers) is null
                ? null
                : new GeneratorOptions(
                    parsed.GetValue(applications) ?? standard.Applications,
                    parsed.GetValue(credentials) ?? standard.CredentialsPerApplication,
                    parsed.GetValue(objects) ?? standard.VaultObjects,
                    parsed.GetValue(vaults) ?? standard.Vaults,
                    parsed.GetValue(flagged) ?? standard.FlaggedShare,
                    parsed.GetValue(leavers) ?? standard.Leavers
                );
    }

    private static Command Check(TextWriter output)
    {
        Argument<string> folder = new("folder") { Description = "the tenant folder" };
        var command = new Command("check", "Read a tenant folder and say what is in it, or what is wrong with it") { folder };
        command.SetAction(parsed =>
        {
            var data = TenantFolder.Load(parsed.GetValue(folder)!);
            Faults.FaultPlan.Parse(data.Faults, 0);
            foreach (var notice in data.Notices)
                output.WriteLine(notice);
            output.WriteLine(Summary(parsed.GetValue(folder)!, data));
            return 0;
        });
        return command;
    }

    private static string Summary(string folder, TenantData data) =>
        $"{folder}: "
        + string.Join(", ", data.Sets.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Count} {s.Name}")))
        + string.Create(
            CultureInfo.InvariantCulture,
            $", {data.Vaults.Values.Sum(v => v.Secrets.Current.Count + v.Keys.Current.Count + v.Certificates.Current.Count)} objects in "
                + $"{data.Vaults.Count} vaults"
        );
}
