using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Compliance.Tests.Cli;

/// <summary>An app that answers one request.</summary>
internal sealed class OneAnswer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Task<string> _request;

    public OneAnswer(int status, string body)
    {
        _listener.Start();
        _request = AnswerAsync(status, body);
    }

    public string Address => $"http://{_listener.LocalEndpoint}";

    public Task<string> RequestAsync() => _request;

    public async ValueTask DisposeAsync()
    {
        await _request;
        _listener.Dispose();
    }

    private async Task<string> AnswerAsync(int status, string body)
    {
        using var client = await _listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        var buffer = new byte[8192];
        var read = new StringBuilder();
        while (!read.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
            read.Append(Encoding.ASCII.GetString(buffer, 0, await stream.ReadAsync(buffer, TestContext.Current.CancellationToken)));
        var answer = $"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n"
            + $"Connection: close\r\n\r\n{body}";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), TestContext.Current.CancellationToken);
        return read.ToString();
    }
}
