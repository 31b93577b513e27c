using System.Text.RegularExpressions;
using EmbeddedHost.Hosting;

namespace EmbeddedHost.Queues;

/// <summary>Azure's rule for queue names (https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata).</summary>
internal static partial class QueueNames
{
    public const string PoisonSuffix = "-poison";

    public static bool Check(string name, string where, Problems problems)
    {
        if (Rule().IsMatch(name))
            return true;
        problems.Add($"{where}: '{name}' cannot name a queue: 3 to 63 lower-case letters, digits and single dashes, with no dash at either end");
        return false;
    }

    [GeneratedRegex("^(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex Rule();
}
