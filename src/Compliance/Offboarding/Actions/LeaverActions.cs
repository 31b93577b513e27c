namespace Compliance.Offboarding.Actions;

/// <summary>What is done to a leaver, as plans, evidence and certificates name it. The order here is the order of a plan.</summary>
internal static class LeaverActions
{
    public const string DisableAccount = "account.disable";
    public const string RevokeSessions = "account.revokeSessions";
    public const string AddToBlockGroup = "blockGroup.member.add";
    public const string DisableDevice = "device.disable";
    public const string RemoveDirectoryRole = "directoryRole.remove";
    public const string RemoveEligibleDirectoryRole = "eligibleDirectoryRole.remove";
    public const string RemoveGroupMember = "group.member.remove";
    public const string RemoveAppRole = "appRole.remove";
    public const string RemoveDelegatedGrant = "delegatedGrant.remove";
    public const string RemoveAzureRole = "azureRole.remove";
    public const string RemoveEligibleAzureRole = "eligibleAzureRole.remove";
    public const string RemoveVaultAccessPolicy = "vaultAccessPolicy.remove";
    public const string RemoveSignInMethod = "signInMethod.remove";
    public const string AddOwner = "owner.add";
    public const string RemoveOwner = "owner.remove";
    public const string HandOverResource = "resource.handOver";
    public const string RemoveLicence = "licence.remove";
    public const string RetireManagedDevice = "managedDevice.retire";

    public const string EnableAccount = "account.enable";
    public const string RemoveFromBlockGroup = "blockGroup.member.remove";
    public const string AddGroupMember = "group.member.add";
    public const string AddAppRole = "appRole.add";
    public const string AddDelegatedGrant = "delegatedGrant.add";
    public const string AddAzureRole = "azureRole.add";
    public const string AddVaultAccessPolicy = "vaultAccessPolicy.add";
    public const string TakeBackResource = "resource.takeBack";
    public const string EnableDevice = "device.enable";
    public const string AddLicence = "licence.add";
}
