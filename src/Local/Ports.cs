using System.Net;
using System.Net.Sockets;

namespace Local;

/// <summary>A port somebody wants.</summary>
/// <param name="Number">Its number; 0 leaves it to the program, which binds a free one and reports which.</param>
/// <param name="Option">The option that chooses another.</param>
internal readonly record struct WantedPort(int Number, string Option);

/// <summary>Checks loopback ports.</summary>
internal static class Ports
{
    /// <summary>
    /// Checks, before anything starts, that the ports given by number are free and all different. No free port is chosen here for a 0:
    /// whatever is chosen and let go of again may be another's by the time the program binds it.
    /// </summary>
    /// <exception cref="LaunchException">One is taken; the message says which and what to do.</exception>
    public static void Check(params ReadOnlySpan<WantedPort> wanted)
    {
        var held = new List<TcpListener>();
        try
        {
            foreach (var port in wanted)
                if (port.Number != 0)
                    held.Add(Listen(port));
        }
        finally
        {
            held.ForEach(probe => probe.Dispose());
        }
    }

    private static TcpListener Listen(WantedPort port)
    {
        var probe = new TcpListener(IPAddress.Loopback, port.Number);
        try
        {
            probe.Start();
            return probe;
        }
        catch (SocketException e)
        {
            probe.Dispose();
            var reason = e.SocketErrorCode == SocketError.AddressAlreadyInUse ? "it is taken" : e.Message;
            throw new LaunchException(
                $"port {port.Number} on 127.0.0.1 cannot be used ({reason}): stop what uses it, or choose another with {port.Option}",
                e
            );
        }
    }
}
