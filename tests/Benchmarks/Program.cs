using Benchmarks;

return args switch
{
    ["credentials", .. var rest] => await CredentialBenchmark.RunAsync(rest),
    ["host", .. var rest] => Math.Max(await HostBenchmark.RunAsync(rest), await StartUpBenchmark.RunAsync(rest)),
    ["start-up", .. var rest] => await StartUpBenchmark.RunAsync(rest),
    ["offboarding", .. var rest] => await OffboardingBenchmark.RunAsync(rest),
    ["ledger", .. var rest] => Math.Max(await LedgerBenchmark.RunAsync(rest), await LedgerVerifyBenchmark.RunAsync(rest)),
    ["ledger-verify", .. var rest] => await LedgerVerifyBenchmark.RunAsync(rest),
    ["simulation", .. var rest] => await SimulationBenchmark.RunAsync(rest),
    ["storage", .. var rest] => await StorageBenchmark.RunAsync(rest),
    [LedgerVerifyBenchmark.Role, .. var rest] => await LedgerVerifyBenchmark.RunRoleAsync(rest),
    // The parts below run as processes of their own, so that each has its own memory.
    [CredentialBenchmark.SandboxRole, .. var rest] => await SandboxRole.RunAsync(rest),
    [LeaverSandbox.Role, .. var rest] => await LeaverSandbox.RunAsync(rest),
    [CredentialBenchmark.CheckRole] => await CheckRole.RunAsync(),
    [CredentialBenchmark.BareRole] => await BareRole.RunAsync(),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        "benchmarks: credentials [--applications N] [--vault-objects N] [--flagged-share 0.02] [--rounds N] [--latency MS,MS]"
    );
    Console.Error.WriteLine("            host [--line N] [--fan N] [--rounds N]");
    Console.Error.WriteLine("            start-up [--publish ARGUMENTS] [--rounds N]");
    Console.Error.WriteLine(
        "            offboarding [--latency MS] [--leavers N] [--rounds N] [--quotas] [--counted: storage requests of all] "
            + "[--seconds N after all are blocked, instead of to the last certificate]"
    );
    Console.Error.WriteLine("            ledger [--calls N] [--rounds N] [--records N]; ledger-verify its second half alone");
    Console.Error.WriteLine("            simulation [--cases N] [--rounds N]; storage [--calls N] [--rounds N], storage in memory");
    return 64;
}
