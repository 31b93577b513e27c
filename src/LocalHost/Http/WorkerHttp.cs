using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Yarp.ReverseProxy.Forwarder;

namespace LocalHost.Http;

/// <summary>The connections to the worker's own web server.</summary>
internal static class WorkerHttp
{
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxRetryTime = TimeSpan.FromSeconds(30);

    /// <summary>A client that passes everything on as it is.</summary>
    public static HttpMessageInvoker CreateClient() =>
        new(
            new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                AutomaticDecompression = DecompressionMethods.None,
                ActivityHeadersPropagator = null,
                ConnectCallback = ConnectAsync,
            }
        );

    // A worker may report itself ready a little before its web server listens; as in the real host, that is waited for.
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
                when (e.SocketErrorCode == SocketError.ConnectionRefused && TimeProvider.System.GetElapsedTime(started) < MaxRetryTime)
            {
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }

            await Task.Delay(RetryPeriod, TimeProvider.System, cancellationToken);
        }
    }
}

internal static partial class HttpLog
{
    [LoggerMessage(120, LogLevel.Warning, "A request to {FunctionName}, or its answer, could not be passed on ({Error}): {Reason}")]
    public static partial void NotForwarded(this ILogger logger, string functionName, ForwarderError error, string reason);
}
