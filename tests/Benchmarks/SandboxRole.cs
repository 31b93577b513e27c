using System.Globalization;
using System.Text.Json;
using SandboxTenant;
using SandboxTenant.Demo;

namespace Benchmarks;

/// <summary>
/// A generated tenant in a process of its own; fault rules come in on standard input, one line each, and are answered with <c>ok</c>.
/// </summary>
internal static class SandboxRole
{
    public static async Task<int> RunAsync(string[] args)
    {
        var sandbox = await Sandbox.StartAsync(
            new SandboxOptions
            {
                Generate = new GeneratorOptions(
                    Applications: int.Parse(args[0], CultureInfo.InvariantCulture),
                    VaultObjects: int.Parse(args[1], CultureInfo.InvariantCulture),
                    FlaggedShare: double.Parse(args[3], CultureInfo.InvariantCulture)
                ),
                Now = DateTimeOffset.Parse(args[2], CultureInfo.InvariantCulture),
            },
            TimeProvider.System,
            CancellationToken.None
        );
        await using (sandbox)
        {
            Console.WriteLine(
                JsonSerializer.Serialize(
                    new
                    {
                        url = sandbox.BaseAddress.ToString().TrimEnd('/'),
                        thumbprint = sandbox.Thumbprint,
                        tenantId = sandbox.TenantId,
                        clientId = sandbox.ClientId,
                        clientSecret = sandbox.ClientSecret,
                    }
                )
            );
            while (await Console.In.ReadLineAsync() is { } faults)
            {
                sandbox.SetFaults(faults);
                Console.WriteLine("ok");
            }
        }
        return 0;
    }
}
