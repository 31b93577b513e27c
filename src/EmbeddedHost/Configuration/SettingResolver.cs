using System.Diagnostics.CodeAnalysis;
using System.Text;
using EmbeddedHost.Hosting;
using Microsoft.Extensions.Configuration;

namespace EmbeddedHost.Configuration;

/// <summary>Puts settings in the place of <c>%Name%</c>, as the real host does in schedules and queue names.</summary>
internal sealed class SettingResolver(IConfiguration configuration)
{
    /// <summary>The text with its settings, or a problem that names <paramref name="where"/> and the setting.</summary>
    public bool TryResolve(string text, string where, Problems problems, [NotNullWhen(true)] out string? resolved)
    {
        resolved = null;
        var result = new StringBuilder();
        var at = 0;
        while (text.IndexOf('%', at) is var open and >= 0)
        {
            var close = text.IndexOf('%', open + 1);
            if (close < 0)
            {
                problems.Add($"{where}: '{text}': the % at position {open} has no closing %");
                return false;
            }

            var name = text[(open + 1)..close];
            if (configuration[name.Replace("__", ":", StringComparison.Ordinal)] is not { Length: > 0 } value)
            {
                problems.Add($"{where}: '{text}': the setting {name} is not set");
                return false;
            }

            result.Append(text, at, open - at).Append(value);
            at = close + 1;
        }

        resolved = result.Append(text, at, text.Length - at).ToString();
        return true;
    }

    /// <summary>Whether <c>AzureWebJobs.NAME.Disabled</c> (or its form with <c>__</c>) is true or 1.</summary>
    public bool IsDisabled(string function) =>
        IsOn(configuration[$"AzureWebJobs.{function}.Disabled"]) || IsOn(configuration[$"AzureWebJobs:{function}:Disabled"]);

    private static bool IsOn(string? value) => value == "1" || string.Equals(value, "true", StringComparison.OrdinalIgnoreCase);
}
