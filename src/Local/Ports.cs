using System.Net;
using System.Net.Sockets;

namespace Local;

/// <summary>A port somebody wants.</summary>
/// <param name="Number">Its number; 0 takes a free one.</param>
/// <param name="Option">The option that chooses another.</param>
internal readonly record struct WantedPort(int Number, string Option);

/// <summary>Chooses loopback ports.</summary>
internal static class Ports
{
    /// <summary>Checks the given ports and fills in free ones, all different.</summary>
    /// <exception cref="LaunchException">One is taken; the message says which and what to do.</exception>
    public static int[] Choose(params ReadOnlySpan<WantedPort> wanted)
    {
        var held = new List<TcpListener>();
        try
        {
            foreach (var port in wanted)
            {
                var probe = new TcpListener(IPAddress.Loopback, port.Number);
                held.Add(probe);
                try
                {
                    probe.Start();
                }
                catch (SocketException e)
                {
                    throw new LaunchException(
                        $"port {port.Number} on 127.0.0.1 cannot be used ({(e.SocketErrorCode == SocketError.AddressAlreadyInUse ? "it is taken" : e.Message)}): stop what uses it, or choose another with {port.Option}", e);
                }
            }
            return [.. held.Select(probe => ((IPEndPoint)probe.LocalEndpoint).Port)];
        }
        finally
        {
            held.ForEach(probe => probe.Dispose());
        }
    }

    /// <summary>Whether something accepts connections there.</summary>
    public static async Task<bool> AcceptsAsync(int port, CancellationToken stop)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, stop);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
