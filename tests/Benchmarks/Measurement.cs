using System.Diagnostics;
using System.Text.Json;

namespace Benchmarks;

/// <summary>What one process measured of itself.</summary>
/// <param name="Seconds">Wall time of the read, without the start of the process.</param>
/// <param name="Requests">Requests sent, sign-in included.</param>
/// <param name="PeakMegabytes">Largest resident set of the process.</param>
/// <param name="Objects">Objects seen.</param>
/// <param name="Findings">Findings open at the end; 0 for the bare loop, which judges nothing.</param>
/// <param name="Digest">SHA-256 over the findings; empty for the bare loop.</param>
internal sealed record Measurement(double Seconds, long Requests, double PeakMegabytes, long Objects, long Findings, string Digest)
{
    /// <summary>Megabytes of the largest resident set so far.</summary>
    public static double Peak()
    {
        using var self = Process.GetCurrentProcess();
        return self.PeakWorkingSet64 / 1024.0 / 1024.0;
    }

    public void Print() => Console.WriteLine(JsonSerializer.Serialize(this));
}
