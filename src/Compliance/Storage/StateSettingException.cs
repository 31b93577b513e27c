namespace Compliance.Storage;

/// <summary>A setting the state needs is missing or cannot be used. The text names the setting, never a secret's value.</summary>
/// <param name="key">The setting as it stands in the app settings.</param>
/// <param name="problem">What is wrong and what to do, to follow the key.</param>
internal sealed class StateSettingException(string key, string problem) : Exception($"setting {key} {problem}")
{
    /// <summary>The setting.</summary>
    public string Key { get; } = key;
}
