using System.Globalization;
using System.Text.RegularExpressions;

namespace Local;

/// <summary>
/// The ports on which Azurite listens, read from what it prints as each of its services does: it binds them itself, so that no other
/// process can come in between.
/// </summary>
internal sealed partial class AzuritePorts
{
    private readonly Lock _reading = new();
    private readonly Dictionary<string, int> _ports = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource<(int Blob, int Queue, int Table)> _all = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when all three services listen.</summary>
    public Task<(int Blob, int Queue, int Table)> Listening => _all.Task;

    /// <summary>
    /// Reads one line that Azurite printed, such as <c>Azurite Blob service is successfully listening at http://127.0.0.1:34573</c>.
    /// </summary>
    public void Read(string line)
    {
        if (Listens().Match(line) is not { Success: true } match)
            return;
        lock (_reading)
        {
            _ports[match.Groups["service"].Value] = int.Parse(match.Groups["port"].Value, CultureInfo.InvariantCulture);
            if (_ports.Count == 3)
                _all.TrySetResult((_ports["Blob"], _ports["Queue"], _ports["Table"]));
        }
    }

    [GeneratedRegex(@"^Azurite (?<service>Blob|Queue|Table) service is successfully listening at http://127\.0\.0\.1:(?<port>[0-9]{1,5})$")]
    private static partial Regex Listens();
}
