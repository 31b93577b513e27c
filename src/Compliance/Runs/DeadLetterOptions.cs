using System.Text.RegularExpressions;
using Compliance.Storage;
using Microsoft.Extensions.Configuration;

namespace Compliance.Runs;

/// <summary>Where Event Grid puts events that it could not deliver.</summary>
/// <param name="Container">The container in the state account; null when none is configured.</param>
internal sealed partial record DeadLetterOptions(string? Container)
{
    /// <summary>Setting: the container, in the state account, that is the dead-letter destination of the event subscriptions.</summary>
    public const string Setting = "Events:DeadLetterContainer";

    /// <summary>Reads and checks the setting.</summary>
    /// <exception cref="StateSettingException">It is no name of a container.</exception>
    public static DeadLetterOptions Read(IConfiguration configuration)
    {
        var name = configuration[Setting];
        if (string.IsNullOrWhiteSpace(name))
            return new(Container: null);
        return ContainerNames().IsMatch(name)
            ? new(name)
            : throw new StateSettingException(
                Setting,
                $"is '{name}': give the name of a container of {StorageOptions.StateKey}, "
                    + "3 to 63 lower-case letters, digits and single hyphens"
            );
    }

    // https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
    [GeneratedRegex("^(?=.{3,63}\\z)[a-z0-9]+(-[a-z0-9]+)*\\z", RegexOptions.CultureInvariant)]
    private static partial Regex ContainerNames();
}
